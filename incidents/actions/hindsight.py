"""What a call does to the clocks that is logged after others have acted (SPEC 7.9).

It counts from its own instant: it may be earlier than the response on record, disproves a breach
that lies after it, and is an update in between.
"""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Role
from incidents.actions.clockwork import Clockwork
from incidents.models import Clock, ClockKind, JournalEntry, Message, MessageKind, SideInterval
from incidents.rules import Pause
from incidents.states import Side

# What tells the customer something, if it is the vendor's.
WORDS = (
    MessageKind.REPLY,
    MessageKind.QUESTION,
    MessageKind.SOLUTION,
    MessageKind.WORKAROUND,
    MessageKind.CALL,
)


def customer_was_told(clocks: Clockwork, *, qualified: bool) -> None:
    """Take a word as having been said at the ledger's instant, whatever came after it."""
    if qualified:
        clocks.answered()
        _undo_a_second_first_response(clocks)
        _owe_what_was_asked_next(clocks)
    _renew_updates(clocks)


def _undo_a_second_first_response(clocks: Clockwork) -> None:
    """Undo the response clock of a reopening: it began only because nobody seemed to have answered.

    A contact who reopened is owed the next response instead, as after any word of theirs.
    """
    again = clocks.response
    if again is None or not again.is_running or again.received_at <= clocks.ledger.at:
        return
    clocks.undo(again)
    reopened = JournalEntry.objects.filter(
        incident=clocks.incident, kind="reopened", at=again.received_at
    )
    if reopened.filter(actor__role=Role.CONTACT).exists():
        _begin_back(clocks, ClockKind.NEXT_RESPONSE, again.received_at, None, None)


def _owe_what_was_asked_next(clocks: Clockwork) -> None:
    """Begin a next response for what the customer wrote between this answer and the next."""
    at = clocks.ledger.at
    answers = _words(clocks).filter(written_at__gt=at, qualified=True)
    answered_at = answers.values_list("written_at", flat=True).first()
    asked = Message.objects.filter(
        incident=clocks.incident,
        author__role=Role.CONTACT,
        kind=MessageKind.REPLY,
        written_at__gt=at,
    ).order_by("written_at", "id")
    asked_at = asked.values_list("written_at", flat=True).first()
    if asked_at is None or (answered_at is not None and asked_at >= answered_at):
        return
    known = Clock.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=asked_at),
        incident=clocks.incident,
        kind=ClockKind.NEXT_RESPONSE,
        received_at__lte=asked_at,
    )
    if not known.exclude(pk=_met_now(clocks, ClockKind.NEXT_RESPONSE)).exists():
        _begin_back(clocks, ClockKind.NEXT_RESPONSE, asked_at, answered_at, answered_at)


def _renew_updates(clocks: Clockwork) -> None:
    """Meet the update that was owed then, and begin those that followed, to the next on record."""
    at, ran = clocks.ledger.at, clocks.at_this_instant(ClockKind.UPDATE)
    until, met_at = (ran.ended_at, ran.met_at) if ran else _next_on_record(clocks)
    clocks.meet(ran)
    if not clocks.owes_updates():
        return
    words = _words(clocks).filter(written_at__gt=at)
    if until is not None:
        words = words.filter(written_at__lt=until)
    instants = [at, *dict.fromkeys(words.values_list("written_at", flat=True))]
    for began_at, ended_at in zip(instants, [*instants[1:], until], strict=True):
        last = ended_at == until
        _begin_back(clocks, ClockKind.UPDATE, began_at, ended_at, met_at if last else ended_at)


def _next_on_record(clocks: Clockwork) -> tuple[datetime | None, datetime | None]:
    """Return when updates are on record again, or the incident was closed, and if that met one."""
    later = Clock.objects.filter(
        incident=clocks.incident, kind=ClockKind.UPDATE, received_at__gt=clocks.ledger.at
    )
    began_at = later.order_by("received_at").values_list("received_at", flat=True).first()
    return (began_at, began_at) if began_at else (clocks.incident.closed_at, None)


def _begin_back(
    clocks: Clockwork,
    kind: ClockKind,
    began_at: datetime,
    ended_at: datetime | None,
    met_at: datetime | None,
) -> None:
    """Write a clock down that ran from an instant on, until another if that lies back as well."""
    latest = clocks.latest.get(kind)
    pauses = _pauses(clocks, began_at, ended_at)
    clock = clocks.begin(kind, at=began_at, pauses=pauses)
    if clock is None or ended_at is None:
        return
    if clock.due_at < ended_at:
        clocks.missed(clock, clock.due_at)
    clock.met_at, clock.ended_at = met_at, ended_at
    kept = "clock_ended" if met_at is None else "clock_stopped"
    clocks.ledger.record(kept, at=ended_at, data=clock.summary())
    if latest and latest.received_at > began_at:
        clocks.latest[kind] = latest


def _pauses(clocks: Clockwork, since: datetime, until: datetime | None) -> tuple[Pause, ...]:
    """Return when the move was the customer's between two instants."""
    theirs = SideInterval.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=since),
        incident=clocks.incident,
        side=Side.CUSTOMER,
    ).order_by("started_at", "id")
    if until is not None:
        theirs = theirs.filter(started_at__lt=until)
    return tuple(
        (max(side.started_at, since), min(filter(None, [side.ended_at, until]), default=None))
        for side in theirs
    )


def _words(clocks: Clockwork) -> QuerySet[Message]:
    """Return the vendor's words to the customer, in order."""
    return (
        Message.objects.filter(incident=clocks.incident, kind__in=WORDS)
        .exclude(author__role=Role.CONTACT)
        .order_by("written_at", "id")
    )


def _met_now(clocks: Clockwork, kind: ClockKind) -> int:
    """Return the key of the clock that this very word has met, 0 for none."""
    clock = clocks.latest.get(kind)
    return clock.pk if clock and clock.pk and clock.met_at == clocks.ledger.at else 0
