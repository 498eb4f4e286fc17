"""Paging: whoever is on duty is told, and told again until somebody takes it up (SPEC 7.4, 10)."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from accounts.errors import Conflict, NotAllowed
from accounts.models import Certificate, User
from accounts.tenancy import staff_transaction
from incidents.actions.handing import hand_over
from incidents.models import Handling, Incident, JournalEntry
from msa.outbox.actions import publish
from tam.models import Page
from tam.queries.paging import Paged, open_pages, paged_again, paged_by, people_paged

# Severity 1 is answered within half an hour, so five minutes leave time for several more pages;
# the others within hours: a quarter of an hour wakes nobody needlessly often.
PAUSES: Final = {1: timedelta(minutes=5)}
PAUSE: Final = timedelta(minutes=15)
# By then everybody has been called for half an hour or more: another page would change nothing.
TIMES: Final = 6
# A page that could not be repeated for so long, in an outage, is not taken up again: the queue has
# shown it all the time.
STALE: Final = timedelta(days=1)
# Events paged again in one run: a night has a handful.
REPEAT_LIMIT: Final = 200

logger = logging.getLogger(__name__)


@transaction.atomic
def page(*, entry_id: int) -> list[Page]:
    """Page those whom an event pages; once, however often it is told.

    An event supersedes the earlier ones of its incident: those are not repeated any more.
    """
    entry = _entry(entry_id)
    _lock(entry.incident_id)
    paged = paged_by(entry)
    if paged is None or not paged.people or Page.objects.filter(entry=entry).exists():
        return []
    Page.objects.filter(incident=entry.incident_id).update(repeat_at=None)
    return _send(entry, paged, times=1, at=entry.recorded_at)


@transaction.atomic
def acknowledge(*, incident: Incident, actor: User, at: datetime) -> int:
    """Take up an incident's pages, for everybody who was paged; return how many were open.

    Raises `NotAllowed` for who was not paged, `Conflict` when a colleague has taken them up.
    Acknowledging again does nothing.
    """
    _lock(incident.pk)
    pages = Page.objects.filter(incident=incident)
    if not pages.filter(person=actor).exists():
        raise NotAllowed(_("You were not paged for this incident."))
    taken = _acknowledge(incident.pk, actor, at)
    latest = pages.select_related("acknowledged_by").order_by("-acknowledged_at", "-pk").first()
    if not taken and latest and latest.acknowledged_by and latest.acknowledged_by != actor:
        name = latest.acknowledged_by.name
        raise Conflict(_("%(name)s has acknowledged it already.") % {"name": name})
    return taken


@transaction.atomic
def acknowledge_by_acts(*, incident_id: int) -> int:
    """Take up the open pages of an incident on which somebody in charge has acted since.

    That is anybody who was paged for it, and its account managers. Return how many were open.
    """
    _lock(incident_id)
    first = open_pages(Page.objects.filter(incident=incident_id)).order_by("paged_at").first()
    if first is None:
        return 0
    certificate = first.incident.certificate
    in_charge = Q(actor__in=people_paged(first.incident))
    in_charge |= Q(actor__in=[certificate.tam_id, certificate.deputy_id])
    acts = JournalEntry.objects.filter(
        in_charge, incident=incident_id, number__gt=first.entry.number
    )
    act = acts.select_related("actor").order_by("number").first()
    if act is None or act.actor is None:
        return 0
    return _acknowledge(incident_id, act.actor, max(act.recorded_at, first.paged_at))


def repeat(*, at: datetime) -> int:
    """Page again for what nobody has acknowledged; return how many events that were.

    Each is a transaction of its own. What was acted on, or closed, is not repeated.
    """
    with staff_transaction():
        due = Page.objects.filter(repeat_at__lte=at).order_by("repeat_at", "id")
        keys = list(dict.fromkeys(due.values_list("entry", flat=True)[:REPEAT_LIMIT]))
    again = 0
    for entry_id in keys:
        try:
            again += _repeat(entry_id, at)
        except Exception:
            logger.exception("The pages of journal entry %s could not be repeated.", entry_id)
    return again


def _repeat(entry_id: int, at: datetime) -> int:
    with staff_transaction():
        entry = _entry(entry_id)
        incident = _lock(entry.incident_id)
        acknowledge_by_acts(incident_id=entry.incident_id)
        pages = Page.objects.filter(entry=entry)
        due = pages.filter(repeat_at__lte=at).order_by("repeat_at").first()
        if due is None or due.repeat_at is None:
            return 0
        pages.update(repeat_at=None)
        if not incident.is_open or due.repeat_at <= at - STALE:
            return 0
        times = (pages.aggregate(times=Max("times"))["times"] or 0) + 1
        people = tuple(paged_again(entry.incident.certificate, at))
        _send(entry, Paged(Page.Cause(due.cause), people), times=times, at=at)
        return 1


def _send(entry: JournalEntry, paged: Paged, *, times: int, at: datetime) -> list[Page]:
    """Page some people for an event, those whom it has reached before once more."""
    pause = PAUSES.get(entry.incident.severity, PAUSE)
    repeat_at = at + pause if times < TIMES else None
    pages = [
        Page(
            customer_id=entry.customer_id,
            incident=entry.incident,
            entry=entry,
            person=person,
            cause=paged.cause,
            paged_at=at,
            times=times,
            repeat_at=repeat_at,
        )
        for person in paged.people
    ]
    Page.objects.bulk_create(
        pages,
        update_conflicts=True,
        unique_fields=["entry", "person"],
        update_fields=["times", "repeat_at"],
    )
    _let_see(entry.incident, paged.people, at)
    publish(
        "page.sent",
        {"entry": entry.pk, "times": times, "people": [person.pk for person in paged.people]},
        at=at,
        stream=entry.incident.reference,
    )
    return pages


def _let_see(incident: Incident, people: Iterable[User], at: datetime) -> None:
    """Hand the incident to whoever would not see it: the head of another office, say."""
    blind = [
        person
        for person in people
        if not Incident.objects.visible_to(person, at).filter(pk=incident.pk).exists()
    ]
    hand_over(incident, blind, at, reason=Handling.Reason.ESCALATED)


def _acknowledge(incident_id: int, actor: User, at: datetime) -> int:
    waiting = Page.objects.filter(incident=incident_id, acknowledged_at=None)
    return waiting.update(acknowledged_at=at, acknowledged_by=actor, repeat_at=None)


def _lock(incident_id: int) -> Incident:
    """Lock the incident, which holds still whatever concerns its pages."""
    return Incident.objects.select_for_update(no_key=True).get(pk=incident_id)


def _entry(entry_id: int) -> JournalEntry:
    entry = JournalEntry.objects.select_related("incident__customer", "actor").get(pk=entry_id)
    certificates = Certificate.objects.select_related("office", "tam", "deputy")
    entry.incident.certificate = certificates.get(pk=entry.incident.certificate_id)
    return entry
