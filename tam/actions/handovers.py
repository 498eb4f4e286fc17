"""Handing over: noticed by the beat, annotated by who goes, accepted by who comes (SPEC 10)."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Self

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, NotAllowed
from accounts.models import Certificate, Office, User
from accounts.tenancy import staff_transaction
from msa.outbox.actions import publish
from tam.coverage import Roster
from tam.models import Handover, HandoverItem, HandoverNote, OfficeWatch
from tam.queries.handover_items import summarise
from tam.queries.handovers import may_accept
from tam.queries.hands import HORIZON, Passing, certificates_of, hands

# What is looked at in one transaction: some dozens of handovers, a second's work.
STRETCH: Final = timedelta(days=1)
# Stretches in one run. Changes longer ago are not handed over any more: nobody would read them.
STRETCHES: Final = 14
# After this the receiver is reminded and the heads are told: a shift's first hour is its busiest,
# but who has not taken over by its end may not be there.
ACCEPT_WITHIN: Final = timedelta(hours=1)
# Reminders in one run: an office has a handful of handovers a day.
REMINDER_LIMIT: Final = 100
# What makes an end that belongs to a span.
_MOMENT: Final = timedelta(microseconds=1)

logger = logging.getLogger(__name__)


def watch(*, at: datetime) -> int:
    """Hand over wherever responsibility has changed since the last look; return how many were made.

    Each office is a matter of its own. What was missed is caught up on in order, each stretch in a
    transaction. An office that is looked at for the first time hands over from now on.
    """
    with staff_transaction():
        offices = list(Office.objects.order_by("pk"))
    made = 0
    for office in offices:
        try:
            made += _catch_up(office, at)
        except Exception:
            logger.exception("The changes of office %s could not be handed over.", office.pk)
    return made


def remind(*, at: datetime) -> int:
    """Ask once for each handover that was not accepted within its time; return how many."""
    with staff_transaction():
        overdue = Handover.objects.filter(
            accepted_at=None, reminded_at=None, made_at__lte=at - ACCEPT_WITHIN
        )
        keys = list(overdue.order_by("made_at").values_list("pk", flat=True)[:REMINDER_LIMIT])
    reminded = 0
    for key in keys:
        try:
            reminded += _remind(key, at)
        except Exception:
            logger.exception("Nobody could be reminded of handover %s.", key)
    return reminded


@transaction.atomic
def accept(*, handover: Handover, actor: User, at: datetime) -> Handover:
    """Take over: from now on the handover counts. Accepting it again does nothing.

    Raises `NotAllowed` for whom it is not meant, `Conflict` when another has accepted it.
    """
    locked = _lock(handover)
    if not may_accept(actor, locked):
        raise NotAllowed(_("This handover is meant for somebody else."))
    if locked.accepted_at is not None:
        if locked.accepted_by_id != actor.pk:
            raise Conflict(_("This handover is accepted already."))
        return locked
    locked.accepted_at, locked.accepted_by = at, actor
    locked.save(update_fields=["accepted_at", "accepted_by"])
    _publish("handover.accepted", locked, at=at)
    return locked


@transaction.atomic
def annotate(*, handover: Handover, actor: User, text: str, at: datetime) -> Handover:
    """Write the giver's note of a handover that is not accepted yet, in place of the former."""
    locked = _lock(handover)
    if actor.pk != locked.giver_id:
        raise NotAllowed(_("Only who hands over writes the note."))
    if locked.accepted_at is not None:
        raise Conflict(_("This handover is accepted already: its note can no longer change."))
    locked.note, locked.noted_at = text, at
    locked.save(update_fields=["note", "noted_at"])
    return locked


@transaction.atomic
def annotate_next(
    *, office: Office, actor: User, text: str, shown_change_at: datetime | None, at: datetime
) -> Handover | None:
    """Keep a note for the actor's next handover at an office; an empty text takes it back.

    `shown_change_at` is the change for which it was written. Where that has come meanwhile and the
    handover is made, the note goes to it, and the handover is returned.
    """
    OfficeWatch.objects.select_for_update().filter(office=office).first()
    if shown_change_at is not None and shown_change_at <= at:
        made = Handover.objects.filter(office=office, giver=actor, at=shown_change_at)
        if handover := made.order_by("pk").first():
            return annotate(handover=handover, actor=actor, text=text, at=at)
    if text:
        HandoverNote.objects.update_or_create(
            office=office, giver=actor, defaults={"text": text, "noted_at": at}
        )
    else:
        HandoverNote.objects.filter(office=office, giver=actor).delete()
    return None


class _Held(NamedTuple):
    """Who has a certificate, and since when."""

    person: int | None
    since: datetime


class _Change(NamedTuple):
    """A certificate that goes from one to another; `held` is how it was before."""

    at: datetime
    held: _Held
    receiver: User
    certificate: Certificate


def _catch_up(office: Office, at: datetime) -> int:
    made = 0
    for _stretch in range(STRETCHES):
        found = _watch(office, at)
        if found is None:
            break
        made += found
    return made


def _watch(office: Office, at: datetime) -> int | None:
    """Look at the next stretch up to `at`; None: all is seen, or somebody is looking now."""
    with staff_transaction():
        watched = OfficeWatch.objects.select_for_update(skip_locked=True).filter(office=office)
        row = watched.first()
        if row is None:
            _begin(office, at)
            return None
        since = max(row.watched_until, at - STRETCHES * STRETCH)
        until = min(at, since + STRETCH)
        if until <= since:
            return None
        seen = _Standing.load(row.standing)
        changes = seen.follow(office, Roster.read([office], since, until + _MOMENT))
        made = _hand_over(office, changes, made_at=at)
        row.watched_until, row.standing = until, seen.dump()
        row.save(update_fields=["watched_until", "standing"])
        return made


def _begin(office: Office, at: datetime) -> None:
    """Look for the first time; when another look is at it now, its row stands."""
    seen = _Standing({})
    seen.follow(office, Roster.read([office], at - HORIZON, at + _MOMENT))
    OfficeWatch.objects.bulk_create(
        [OfficeWatch(office=office, watched_until=at, standing=seen.dump())], ignore_conflicts=True
    )


@dataclass
class _Standing:
    """Who was found to have each of an office's certificates."""

    held: dict[int, _Held] = field(default_factory=dict)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            {
                int(key): _Held(person, datetime.fromisoformat(since))
                for key, (person, since) in data.items()
            }
        )

    def dump(self) -> dict[str, Any]:
        return {str(key): [held.person, held.since.isoformat()] for key, held in self.held.items()}

    def follow(self, office: Office, roster: Roster) -> list[_Change]:
        """Go along a roster's span; return each change to somebody, in order of time.

        A change that lies before the span, entered afterwards, counts from its start.
        """
        before, self.held = self.held, {}
        changes = []
        for certificate in certificates_of(office):
            held = before.get(certificate.pk)
            for turn in hands(roster, certificate):
                person = turn.person.pk if turn.person else None
                if held is not None and held.person == person:
                    continue
                if held is not None and turn.person is not None:
                    changes.append(_Change(turn.since, held, turn.person, certificate))
                held = _Held(person, turn.since)
            if held is not None:
                self.held[certificate.pk] = held
        return sorted(changes, key=lambda change: change.at)


def _hand_over(office: Office, changes: Iterable[_Change], *, made_at: datetime) -> int:
    """Make a handover of what goes from one person to another at one instant."""
    groups: dict[tuple[datetime, int | None, User], list[_Change]] = {}
    for change in changes:
        groups.setdefault((change.at, change.held.person, change.receiver), []).append(change)
    if not groups:
        return 0
    notes = {note.giver_id: note for note in HandoverNote.objects.filter(office=office)}
    taken: dict[int | None, datetime] = {}
    made = 0
    for (at, giver, receiver), group in groups.items():
        due = notes.get(giver) if giver is not None else None
        note = due if due and taken.get(giver, at) == at else None
        handover = Handover(
            office=office,
            giver_id=giver,
            receiver=receiver,
            since=min(change.held.since for change in group),
            at=at,
            made_at=made_at,
            note=note.text if note else "",
            noted_at=note.noted_at if note else None,
        )
        if _make(handover, group):
            made += 1
            if note:
                taken[giver] = at
    HandoverNote.objects.filter(office=office, giver__in=taken).delete()
    return made


def _make(handover: Handover, changes: Iterable[_Change]) -> bool:
    """Store a handover with its items; one with nothing to tell is none.

    Where the receiver's turn is over by now, it is for the record and nobody is told.
    """
    at, made_at = handover.at, handover.made_at
    roster = Roster.read([handover.office], at, at + HORIZON)
    passing = {
        change.certificate.pk: Passing(
            change.held.since, hands(roster, change.certificate)[0].until
        )
        for change in changes
    }
    items = summarise(passing, at)
    if not items and not handover.note:
        return False
    is_over = max(span.until for span in passing.values()) <= made_at
    handover.reminded_at = made_at if is_over else None
    handover.save()
    for item in items:
        item.handover = handover
    HandoverItem.objects.bulk_create(items)
    if not is_over:
        _publish("handover.made", handover, at=made_at)
    return True


def _remind(key: int, at: datetime) -> int:
    with staff_transaction():
        waiting = Handover.objects.select_for_update(skip_locked=True).filter(
            pk=key, accepted_at=None, reminded_at=None
        )
        handover = waiting.first()
        if handover is None:
            return 0
        handover.reminded_at = at
        handover.save(update_fields=["reminded_at"])
        _publish("handover.not_accepted", handover, at=at)
        return 1


def _lock(handover: Handover) -> Handover:
    return Handover.objects.select_for_update().get(pk=handover.pk)


def _publish(topic: str, handover: Handover, *, at: datetime) -> None:
    stream = f"office-{handover.office_id}"
    publish(topic, {"handover": handover.pk}, at=at, stream=stream)
