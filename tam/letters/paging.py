"""Pages, as mails that look like nothing else, and what sends and ends them (SPEC 7.4, 18)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Role
from incidents.notifications import rows
from incidents.notifications.events import Event
from incidents.notifications.mails import root_id
from incidents.notifications.rows import Row, RowOf
from msa.outbox.mail import queue_email
from msa.outbox.relay import Handler
from tam.actions import paging
from tam.models import Escalation, Page
from tam.queries.paging import CAUSES


def _due(event: Event) -> Row | None:
    return rows.answer_was_due(event) if event.kind == "clock_breached" else rows.answer_due(event)


def _acknowledge_by(event: Event) -> Row | None:
    """Say until when the escalation is to be acknowledged that the event is, or has opened.

    Whoever is paged gets no other letter about it. A page's own acknowledgement is not this one.
    """
    opened = Escalation.objects.filter(incident=event.incident, acknowledged_at=None)
    match event.kind:
        case "escalated":
            found = opened.filter(level=event.entry.data["level"]).first()
        case "clock_breached":
            found = opened.filter(cause=Escalation.Cause.BREACH, opened_at=event.entry.at).first()
        case _:
            return None
    if found is None or found.acknowledge_by is None:
        return None
    office = event.incident.certificate.office
    lines = rows.instants(found.acknowledge_by, office)
    return Row(_("Escalation to be acknowledged by"), lines)


_ROWS: Final[Sequence[RowOf]] = (
    rows.customer,
    rows.contact,
    rows.subject_matter,
    rows.severity,
    rows.waits_for_call,
    _due,
    _acknowledge_by,
)
_LEADS: Final[Mapping[Page.Cause, str | LazyText]] = {
    Page.Cause.FILED: gettext_lazy("%(author)s has an incident that cannot wait."),
    Page.Cause.RAISED: gettext_lazy("%(name)s has raised the severity."),
    Page.Cause.BREACHED: gettext_lazy(
        "Time missed: %(promise)s. The incident is escalated to level 2."
    ),
    Page.Cause.ESCALATED: gettext_lazy("The incident is escalated to level %(level)s."),
    Page.Cause.REOPENED: gettext_lazy("%(name)s has reopened this incident."),
}

# Acts of staff by which a page is taken up; the beat finds all others before it pages again.
ACTS: Final = (
    "responded",
    "replied",
    "asked",
    "solution_offered",
    "workaround_recorded",
    "severity_changed",
    "taken_back",
    "call_logged",
    "noted",
    "assigned",
    "handed_to_team",
    "escalated",
    "escalation_acknowledged",
    "escalation_answered",
)


def on_event(payload: Mapping[str, Any], *, at: datetime) -> None:  # noqa: ARG001 (a handler)
    """Page whomever the event pages."""
    paging.page(entry_id=payload["entry"])


def on_act(payload: Mapping[str, Any], *, at: datetime) -> None:  # noqa: ARG001 (a handler)
    """Take up the incident's pages if somebody in charge has acted."""
    paging.acknowledge_by_acts(incident_id=payload["incident"])


def on_sent(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Write the page to each of those it reaches, unless it was acknowledged meanwhile."""
    event = Event.load(payload)
    pages = Page.objects.filter(
        entry=event.entry, person__in=payload["people"], acknowledged_at=None
    )
    for page in pages.select_related("person").order_by("pk"):
        _queue(page, event, payload["times"], at=at)


PAGES: Mapping[str, Sequence[Handler]] = {
    **{
        f"incident.{kind}": [
            *([on_act] if kind in ACTS else []),
            *([on_event] if kind in CAUSES else []),
        ]
        for kind in dict.fromkeys([*ACTS, *CAUSES])
    },
    "page.sent": [on_sent],
}


def _queue(page: Page, event: Event, times: int, *, at: datetime) -> None:
    user, root = page.person, root_id(event.incident)
    with translation.override(user.language), timezone.override(ZoneInfo(user.timezone)):
        context = _context(page, event, times)
        text = render_to_string("email/incident.txt", context)
        html = render_to_string("email/incident.html", context)
    queue_email(
        dedupe_key=f"page-{event.entry.pk}-{times}-{user.pk}",
        to_address=user.email,
        to_name=user.name,
        language=user.language,
        subject=context["subject"],
        text=text,
        html=html,
        in_reply_to=root,
        references=[root],
        urgent=True,
        at=at,
    )


def _context(page: Page, event: Event, times: int) -> dict[str, Any]:
    incident = event.incident
    words = event.words(page.person)
    heading = _heading(page, times)
    return {
        "subject": f"{heading} [{incident.reference}] {incident.title}",
        "heading": heading,
        "incident": incident,
        "notice": _("It is repeated until somebody acknowledges it or acts on the incident."),
        "paragraphs": [str(_LEADS[Page.Cause(page.cause)] % words)],
        "rows": [row for row in (row_of(event) for row_of in _ROWS) if row],
        "message": None if event.is_internal else event.message,
        "author": event.name_of(event.message.author, page.person) if event.message else "",
        "files": event.files,
        "button": _("Acknowledge"),
        "url": settings.BASE_URL + reverse("pages"),
        "why": _why(page, event, times),
        "urgent": True,
        "language": page.person.language,
        "vendor_name": settings.VENDOR_NAME,
    }


def _heading(page: Page, times: int) -> str:
    facts = {"cause": page.get_cause_display(), "times": times, "of": paging.TIMES}
    if times == 1:
        return _("Page: %(cause)s") % facts
    return _("Page, %(times)d of %(of)d: %(cause)s") % facts


def _why(page: Page, event: Event, times: int) -> str:
    certificate = event.incident.certificate
    if page.person in {certificate.tam, certificate.deputy}:
        return _("You get this page because you are responsible for this incident now.")
    if page.person.role == Role.DUTY_MANAGER:
        why = _("You get this page because you are on duty for the office %(office)s.")
    elif times == 1:
        why = _(
            "You get this page because nobody is on duty for the office %(office)s. Please see to "
            "it that somebody is."
        )
    else:
        why = _(
            "You get this page because nobody else has taken the incident up, and you are told of "
            "what concerns the team of the office %(office)s."
        )
    return why % {"office": certificate.office.name}
