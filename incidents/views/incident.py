"""The page of one incident, for both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.models import Role, User
from incidents.access import Verb, get_incident, verbs_of
from incidents.actions.answering import REOPEN_WITHIN, may_reopen
from incidents.actions.drafts import draft_of
from incidents.models import ClockKind, Incident
from incidents.queries.follow_ups import follow_ups_of
from incidents.queries.reading import Read, read_by
from incidents.states import Side, State
from incidents.views.act_forms import WordsForm
from incidents.views.composer import KIND_OF_ACT, MessageForm, fresh_form
from incidents.views.composer import shown as composer_shown
from incidents.views.request import Request
from incidents.views.timeline import Words, timeline
from incidents.views.upload_field import uploads_shown


@dataclass(frozen=True, slots=True)
class Button:
    """A way to another act; posted at once when `post`."""

    label: str | LazyText
    url: str
    icon: str
    css: str = ""
    post: bool = False


@require_GET
def page(request: Request, reference: str) -> HttpResponse:
    incident = get_incident(request.user, reference, Verb.SEE, request.at)
    return render(request, "incidents/incident.html", context(request, incident))


def context(
    request: Request, incident: Incident, composer: MessageForm | None = None
) -> dict[str, Any]:
    """Return all that the page shows; `composer` is a form that was refused, text and all."""
    user = request.user
    verbs = verbs_of(user, incident, request.at)
    clocks = list(incident.clocks.all())
    latest = {clock.kind: clock for clock in clocks}
    response = latest.get(ClockKind.RESPONSE)
    act = request.GET.get("act", "")
    draft = None if composer else draft_of(incident, user)
    form = composer or fresh_form(incident, user, draft, act)
    read = read_by(incident, user) if user.is_contact else Read(frozenset(), None)
    items = timeline(incident, user, clocks, news=read.news)
    return {
        "incident": incident,
        "clocks": [
            (latest[kind], latest[kind].is_waiting(request.at))
            for kind in ClockKind
            if kind in latest
        ],
        "clock_waiting": response is not None and response.is_waiting(request.at),
        "items": items,
        "receipt": read.receipt if incident.is_open else None,
        "follow_ups": follow_ups_of(incident, user, request.at),
        "last_message": max((item.id for item in items if isinstance(item, Words)), default=None),
        "crumbs": _crumbs(incident, user),
        "facts": _facts(
            incident, links_certificate=_reads_certificate(incident, request.user, verbs)
        ),
        "certificate": incident.certificate,
        "office": incident.certificate.office,
        "buttons": _buttons(incident, verbs, request),
        "may_write": _may_write(incident, verbs),
        "begins_with": act in KIND_OF_ACT,
        "draft": draft,
        "draft_key": f"{incident.reference}-{user.pk}",
        "next_step": _next_step(incident, user, len(form.open_points)),
        **_closed(request, incident, verbs, form),
        **composer_shown(incident, verbs, form, latest),
        **uploads_shown(user, incident.reference, form),
    }


def _closed(
    request: Request, incident: Incident, verbs: frozenset[Verb], form: MessageForm
) -> dict[str, Any]:
    """Return what a closed incident offers its customer: a reopening, later on a follow-up.

    What they had typed when it was closed is kept for either.
    """
    user = request.user
    if incident.is_open or not user.is_contact:
        return {}
    reopens = Verb.REOPEN in verbs and may_reopen(incident, user, request.at)
    return {
        "closed_offer": "reopening" if reopens else "follow-up",
        "closed_form": WordsForm(
            incident=incident, user=user, initial={"text": form["text"].value() or ""}
        ),
        "closed_until": (incident.closed_at or request.at) + REOPEN_WITHIN,
    }


def _crumbs(incident: Incident, user: Any) -> list[dict[str, Any]]:
    first = (
        {"label": _("Home"), "url": reverse("home")}
        if user.is_contact
        else {"label": _("Queue"), "url": reverse("queue")}
    )
    customer = [] if user.is_contact else [{"label": incident.customer.name, "url": None}]
    return [first, *customer, {"label": incident.reference, "url": None}]


def _reads_certificate(incident: Incident, reader: User, verbs: frozenset[Verb]) -> bool:
    """Whether the certificate's page is this person's to read, as `certificates_read_by` has it."""
    certificate = incident.certificate
    match reader.role:
        case Role.CONTACT:
            return Verb.ANSWER in verbs
        case Role.TAM:
            return reader.pk in {certificate.tam_id, certificate.deputy_id}
        case Role.DUTY_MANAGER:
            return Verb.RESPOND in verbs
        case Role.TEAM_HEAD:
            return reader.office_id == certificate.office_id
    return reader.role == Role.ADMINISTRATOR


def _facts(incident: Incident, *, links_certificate: bool) -> list[dict[str, Any]]:
    number = incident.certificate.number
    product = f"{incident.product or ''} {incident.product_version}".strip()
    facts: list[dict[str, Any]] = [
        {"label": _("Customer"), "value": incident.customer.name},
        {
            "label": _("Certificate"),
            "value": number,
            "mono": True,
            "url": reverse("certificate", args=[number]) if links_certificate else "",
        },
        {"label": _("Category"), "value": incident.category.name},
        {"label": _("Product"), "value": product},
        {"label": _("Filed by"), "value": incident.author.name, "person": True},
    ]
    return [fact for fact in facts if fact["value"]]


def _buttons(incident: Incident, verbs: frozenset[Verb], request: Request) -> list[Button]:
    base = incident.get_absolute_url()
    offered = incident.state == State.SOLUTION_OFFERED
    candidates: Sequence[tuple[bool, Verb, Button]] = (
        (
            offered,
            Verb.ACCEPT,
            Button(
                _("Accept the solution"), f"{base}acceptance/", "check", "button-good", post=True
            ),
        ),
        (offered, Verb.DECLINE, Button(_("Not solved"), f"{base}refusals/", "x")),
        (
            incident.side is Side.CUSTOMER,
            Verb.TAKE_BACK,
            Button(_("Take back"), f"{base}retractions/", "undo-2"),
        ),
        (
            incident.is_open,
            Verb.CHANGE_SEVERITY,
            Button(_("Severity"), f"{base}severity/", "gauge"),
        ),
        (
            incident.is_open,
            Verb.RECORD_WORKAROUND,
            Button(_("Workaround"), f"{base}workarounds/", "wrench"),
        ),
        (incident.is_open, Verb.LOG_CALL, Button(_("Log a call"), f"{base}calls/", "phone")),
        (
            incident.side is Side.VENDOR,
            Verb.ESCALATE,
            Button(_("Escalate"), f"{base}escalations/", "flame", "button-danger"),
        ),
        (incident.is_open, Verb.WITHDRAW, Button(_("Withdraw"), f"{base}withdrawal/", "trash-2")),
        (
            not incident.is_open and may_reopen(incident, request.user, request.at),
            Verb.REOPEN,
            Button(_("Reopen"), f"{base}reopenings/", "rotate-ccw"),
        ),
    )
    return [button for applies, verb, button in candidates if applies and verb in verbs]


def _may_write(incident: Incident, verbs: frozenset[Verb]) -> bool:
    if Verb.NOTE in verbs:
        return True
    return incident.is_open and Verb.ANSWER in verbs


def _next_step(incident: Incident, user: User, still_open: int) -> str:
    """Say in one sentence or two what is expected of the person now."""
    if not user.is_contact:
        return ""
    match incident.state:
        case State.AWAITING_CUSTOMER:
            step = _("We need information from you. Please answer below.")
        case State.SOLUTION_OFFERED:
            step = _("We offered a solution. Please tell us whether it works.")
        case _:
            step = ""
    if not still_open:
        return step
    listed = ngettext(
        "One point that we asked for is still open.",
        "%(count)d points that we asked for are still open.",
        still_open,
    ) % {"count": still_open}
    return f"{step} {listed}".strip()
