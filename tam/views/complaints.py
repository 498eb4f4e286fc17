"""Complaints and suggestions: the list, a new one, and one with what was written and done."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import Conflict, NotAllowed, Refused
from incidents.models import Incident
from incidents.texts import as_html
from incidents.views.acts import status_of
from incidents.views.request import Request
from tam.actions import complaints
from tam.models import Complaint, ComplaintMessage
from tam.queries.complaints import (
    certificates_to_complain_of,
    get_complaint,
    is_named,
    visible_to,
)
from tam.queries.escalations import may_take_up, steps_of_complaint
from tam.responsible import top_level
from tam.views.complaint_forms import ComplaintForm, RaiseForm
from tam.views.escalations import UNPROCESSABLE, take_once

PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wrote: drawn by `_timeline_message.html`."""

    id: int
    kind: str
    author: str
    role: str
    sent_at: datetime
    html: str
    attachments: list[Any] = field(default_factory=list)
    badges: list[Any] = field(default_factory=list)


@require_GET
def listing(request: Request) -> HttpResponse:
    seen = visible_to(request.user, request.at).annotate(level=Max("escalations__level"))
    seen = seen.select_related("customer", "certificate", "incident", "author")
    page = Paginator(seen.order_by("-opened_at", "-id"), PAGE).get_page(request.GET.get("page"))
    may_make = certificates_to_complain_of(request.user, request.at).exists()
    context = {"page": page, "may_make": may_make}
    return render(request, "tam/complaints/list.html", context)


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    """Ask for a complaint, or take it: a contact's own, or one that staff take down by phone."""
    certificates = certificates_to_complain_of(request.user, request.at)
    if not certificates.exists():
        raise NotAllowed(_("You look after no certificate on which contacts could complain."))
    form = ComplaintForm(
        request.POST if request.method == "POST" else None,
        user=request.user,
        certificates=certificates,
        at=request.at,
        initial=_initial(request),
    )
    if request.method == "GET":
        return _ask(request, form)
    if not form.is_valid():
        return _ask(request, form, UNPROCESSABLE)
    led_to = take_once(request, form, "complaint", lambda: _page_of(_complain(request, form)))
    if isinstance(led_to, Refused):
        return _ask(request, form, status_of(led_to))
    messages.success(request, _("Thank you. It has reached the people named here."))
    return redirect(led_to)


@require_GET
def page(request: Request, pk: int) -> HttpResponse:
    complaint = get_complaint(request.user, pk, request.at)
    steps = steps_of_complaint(complaint)
    highest = steps[-1].escalation
    closed = complaint.state == Complaint.State.CLOSED
    acts = not closed and is_named(request.user, complaint)
    written = complaint.messages.select_related("author").order_by("id")
    context = {
        "complaint": complaint,
        "office": complaint.certificate.office,
        "messages_written": [_words(message) for message in written],
        "incident_seen": _sees_incident(request, complaint),
        "steps": steps,
        "open": not closed,
        "mine": may_take_up(request.user, highest, request.at),
        "may_raise": acts and highest.level < top_level(complaint.certificate),
        "may_close": acts,
        "crumbs": [
            {"label": _("Complaints and suggestions"), "url": reverse("complaints")},
            {"label": complaint.title, "url": None},
        ],
    }
    return render(request, "tam/complaints/complaint.html", context)


@require_http_methods(["GET", "POST"])
def escalation(request: Request, pk: int) -> HttpResponse:
    """Ask why a complaint is raised further, or raise it."""
    complaint = get_complaint(request.user, pk, request.at)
    if not is_named(request.user, complaint):
        raise NotAllowed(_("This is for the contacts whom the certificate names."))
    level = complaint.escalations.latest("level").level
    if request.method == "GET":
        return _ask_why(request, complaint, RaiseForm(level=level))
    form = RaiseForm(request.POST, level=level)
    if not form.is_valid():
        return _ask_why(request, complaint, form, UNPROCESSABLE)
    led_to = take_once(
        request, form, complaint.pk, lambda: _page_of(_raise(request, complaint, form))
    )
    if isinstance(led_to, Refused):
        form.data = {**request.POST.dict(), "from_level": str(level)}
        return _ask_why(request, complaint, form, status_of(led_to))
    messages.success(request, _("It has gone one level up; the people there have been told."))
    return redirect(led_to)


@require_POST
def closing(request: Request, pk: int) -> HttpResponse:
    complaint = get_complaint(request.user, pk, request.at)
    try:
        complaints.close_complaint(complaint=complaint, actor=request.user, at=request.at)
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Thank you. It is closed."))
    return redirect("complaint", pk)


def _initial(request: Request) -> dict[str, Any]:
    """Return the incident that one came from, and its certificate."""
    reference = request.GET.get("incident", "")[:20]
    seen = Incident.objects.visible_to(request.user, request.at).filter(reference=reference)
    incident = seen.first() if reference else None
    if incident is None:
        return {}
    return {"reference": incident.reference, "certificate": incident.certificate_id}


def _complain(request: Request, form: ComplaintForm) -> Complaint:
    data = form.cleaned_data
    return complaints.complain(
        certificate=form.agreement,
        kind=data["kind"],
        title=data["title"],
        text=data["text"],
        author=form.author,
        actor=request.user,
        at=request.at,
        incident=data["incident"],
        about_tam=data["about_tam"],
    )


def _raise(request: Request, complaint: Complaint, form: RaiseForm) -> Complaint:
    return complaints.raise_complaint(
        complaint=complaint,
        actor=request.user,
        text=form.cleaned_data["text"],
        at=request.at,
        from_level=form.cleaned_data["from_level"],
    )


def _sees_incident(request: Request, complaint: Complaint) -> bool:
    """Whom a complaint reached need not see the incident that it concerns."""
    seen = Incident.objects.visible_to(request.user, request.at)
    return complaint.incident is not None and seen.filter(pk=complaint.incident.pk).exists()


def _words(message: ComplaintMessage) -> Words:
    author = message.author
    return Words(
        id=message.pk,
        kind="customer" if author.is_contact else "staff",
        author=author.name,
        role=_("Customer") if author.is_contact else author.role_label,
        sent_at=message.written_at,
        html=as_html(message.text),
    )


def _page_of(complaint: Complaint) -> str:
    return reverse("complaint", args=[complaint.pk])


def _ask(request: Request, form: ComplaintForm, status: int = 200) -> HttpResponse:
    return render(request, "tam/complaints/new.html", {"form": form}, status=status)


def _ask_why(
    request: Request, complaint: Complaint, form: RaiseForm, status: int = 200
) -> HttpResponse:
    context = {"complaint": complaint, "form": form}
    return render(request, "tam/complaints/raise.html", context, status=status)
