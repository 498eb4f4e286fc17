"""Escalations: the panel beside an incident, taking them up, and what waits for a person."""

from collections.abc import Callable
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from incidents.access import Verb, get_incident, verbs_of
from incidents.actions.submissions import once
from incidents.views.acts import status_of
from incidents.views.request import Request
from tam.actions import complaints, escalations
from tam.models import Escalation
from tam.queries.complaints import visible_to
from tam.queries.escalations import (
    get_escalation,
    may_take_up,
    open_for,
    people_of,
    refusal_to_escalate,
    settled_for,
    steps_of_incident,
)
from tam.views.complaint_forms import WordsForm
from tam.views.guards import staff_only

OPEN_MOST: Final = 100  # more than one person takes up in a day
SETTLED_PAGE: Final = 25
UNPROCESSABLE: Final = 422


@require_GET
def panel(request: Request, reference: str) -> HttpResponse:
    """Show what is escalated of an incident, and whether one can escalate it.

    A part of the incident's page for htmx, empty for staff where nothing is escalated: the page's
    head offers to escalate. For anyone else a page of its own.
    """
    incident = get_incident(request.user, reference, Verb.SEE, request.at)
    verbs = verbs_of(request.user, incident, request.at)
    steps = steps_of_incident(incident)
    highest = steps[-1].escalation if steps else None
    refusal = refusal_to_escalate(
        incident, request.user, verbs, highest.level if highest is not None else 0
    )
    complaints_seen = list(visible_to(request.user, request.at).filter(incident=incident))
    is_part = request.headers.get("HX-Request") == "true"
    if is_part and not steps and not request.user.is_contact and not complaints_seen:
        return HttpResponse()
    context = {
        "incident": incident,
        "office": incident.certificate.office,
        "steps": steps,
        "open": incident.is_open,
        "mine": highest is not None and may_take_up(request.user, highest, request.at),
        "refusal": refusal,
        "complaints": complaints_seen,
        "may_complain": request.user.is_contact and Verb.ESCALATE in verbs,
    }
    name = "_panel" if is_part else "page"
    return render(request, f"tam/escalation/{name}.html", context)


@require_GET
@staff_only
def listing(request: Request) -> HttpResponse:
    """Show what is addressed to a person: what waits for them, and what did."""
    waiting = list(open_for(request.user, request.at)[:OPEN_MOST])
    settled = Paginator(settled_for(request.user, request.at), SETTLED_PAGE)
    page = settled.get_page(request.GET.get("page"))
    context = {"waiting": waiting, "page": page, "people": people_of(waiting)}
    return render(request, "tam/escalation/list.html", context)


@require_POST
def acknowledgement(request: Request, pk: int) -> HttpResponse:
    """Take note of an escalation with one click; a second click is the same one."""
    escalation = get_escalation(request.user, pk, request.at)
    back = _back(request, escalation)
    try:
        once(
            user=request.user,
            key=uuid5(NAMESPACE_URL, f"acknowledgement-{pk}"),
            at=request.at,
            act=lambda: _led_to(back, _acknowledge(request, escalation)),
        )
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Acknowledged. The customer has been told."))
    return redirect(back)


@require_http_methods(["GET", "POST"])
def answer(request: Request, pk: int) -> HttpResponse:
    """Ask for the answer to an escalation, or take it."""
    escalation = get_escalation(request.user, pk, request.at)
    if not may_take_up(request.user, escalation, request.at):
        raise NotAllowed(_("This escalation is addressed to somebody else."))
    if request.method == "GET":
        return _ask(request, escalation, WordsForm())
    form = WordsForm(request.POST)
    if not form.is_valid():
        return _ask(request, escalation, form, UNPROCESSABLE)
    back = subject_url(escalation)
    led_to = take_once(
        request, form, f"answer-{pk}", lambda: _led_to(back, _answer(request, escalation, form))
    )
    if isinstance(led_to, Refused):
        return _ask(request, escalation, form, status_of(led_to))
    messages.success(request, _("Answered. The customer has been told."))
    return redirect(led_to)


def take_once(
    request: Request, form: Any, subject: object, act: Callable[[], str]
) -> str | Refused:
    """Perform what a valid form asks for, once; return the address that it led to.

    What the rules say against it is returned, and stands in the form too.
    """
    try:
        return once(user=request.user, key=form.key(subject), at=request.at, act=act)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return refusal


def subject_url(escalation: Escalation) -> str:
    """Return the page of what was escalated."""
    if escalation.incident is not None:
        return escalation.incident.get_absolute_url()
    return reverse("complaint", args=[escalation.complaint_id])


def _back(request: Request, escalation: Escalation) -> str:
    if request.POST.get("from") == "list":
        return reverse("escalations")
    return subject_url(escalation)


def _acknowledge(request: Request, escalation: Escalation) -> object:
    if escalation.incident is None:
        return complaints.acknowledge_complaint(
            escalation=escalation, actor=request.user, at=request.at
        )
    return escalations.acknowledge(
        incident=escalation.incident,
        actor=request.user,
        text="",
        at=request.at,
        level=escalation.level,
    )


def _answer(request: Request, escalation: Escalation, form: WordsForm) -> object:
    text = form.cleaned_data["text"]
    if escalation.incident is None:
        return complaints.answer_complaint(
            escalation=escalation, actor=request.user, text=text, at=request.at
        )
    return escalations.answer_escalation(
        incident=escalation.incident,
        actor=request.user,
        text=text,
        at=request.at,
        level=escalation.level,
    )


def _led_to(url: str, _result: object) -> str:
    return url


def _ask(
    request: Request, escalation: Escalation, form: WordsForm, status: int = 200
) -> HttpResponse:
    subject = escalation.incident or escalation.complaint
    context = {
        "escalation": escalation,
        "subject": subject,
        "form": form,
        "back": subject_url(escalation),
    }
    return render(request, "tam/escalation/answer.html", context, status=status)
