"""The contacts of a certificate: who they are, and what is asked to be changed (SPEC 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import certificates_read_by
from accounts.actions.contact_rules import Kind, check_standing, requests_seen_by
from accounts.actions.contacts import request_change, withdraw_request
from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from accounts.models import Certificate, Contact, ContactRequest, User
from accounts.views.contact_forms import ChangeForm
from accounts.views.limits import seconds_to_wait
from accounts.views.request import Request

SETTLED_PAGE: Final = 10  # settled requests at a time: a year's, mostly
# Of one person: more than all slots of three certificates. Each is mail to every administrator.
ASKED_BY_PERSON: Final = "30/h"
UNPROCESSABLE, CONFLICT, TOO_MANY = 422, 409, 429


@dataclass(frozen=True, slots=True)
class Change:
    """What the page of one kind of change says."""

    title: str | LazyText
    explanation: str | LazyText
    submit: str | LazyText


CHANGES: Final[Mapping[Kind, Change]] = {
    Kind.ADD: Change(
        gettext_lazy("Add a contact"),
        gettext_lazy("The person may ask for support once an administrator has approved it."),
        gettext_lazy("Ask for this contact"),
    ),
    Kind.REPLACE: Change(
        gettext_lazy("Replace %(name)s"),
        gettext_lazy(
            "On approval %(name)s loses this certificate at once, and the person below is named."
        ),
        gettext_lazy("Ask for this replacement"),
    ),
    Kind.REMOVE: Change(
        gettext_lazy("Remove %(name)s"),
        gettext_lazy(
            "On approval %(name)s loses this certificate at once. What they wrote stays under "
            "their name."
        ),
        gettext_lazy("Ask for this removal"),
    ),
    Kind.CORRECT: Change(
        gettext_lazy("Correct the details of %(name)s"),
        gettext_lazy("Write how they are to read; they change on every certificate of the person."),
        gettext_lazy("Ask for this correction"),
    ),
}


@require_http_methods(["GET", "POST"])
def contacts(request: Request, number: str) -> HttpResponse:
    """Show the slots and the requests; with `?change=` the form of a change, or take it."""
    certificate = _certificate(request, number)
    if not request.GET.get("change") and request.method == "GET":
        return render(request, "accounts/contacts.html", _context(request, certificate))
    if not request.user.is_contact:
        raise NotAllowed(_("Changes of contacts are asked for by contacts."))
    kind = _kind(request.GET.get("change", ""))
    person = _person(certificate, kind, request.GET.get("person", ""))
    if person is None and kind != Kind.ADD:
        messages.error(request, _("That person is not a contact of this certificate (any more)."))
        return redirect("certificate-contacts", number)
    form = ChangeForm(
        request.POST if request.method == "POST" else None,
        certificate=certificate,
        kind=kind,
        person=person,
        reader=request.user,
    )
    return _take(request, form) if request.method == "POST" else _ask(request, form)


@require_POST
def withdrawal(request: Request, number: str, pk: int) -> HttpResponse:
    certificate = _certificate(request, number)
    found = requests_seen_by(request.user, certificate).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such request."))
    if not request.user.is_contact:
        raise NotAllowed(_("Changes of contacts are asked for by contacts."))
    try:
        withdraw_request(request=found, actor=request.user, at=request.at)
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The request is withdrawn."))
    return redirect("certificate-contacts", number)


def _certificate(request: Request, number: str) -> Certificate:
    """Return a certificate that names the contact, or of which staff are in charge."""
    readable = certificates_read_by(request.user, request.at).select_related("office", "programme")
    certificate = readable.filter(number=number).first()
    if certificate is None:
        raise NotFound(_("There is no such certificate."))
    return certificate


def _kind(text: str) -> Kind:
    if text not in Kind.values:
        raise NotFound(_("There is no such change."))
    return Kind(text)


def _person(certificate: Certificate, kind: Kind, text: str) -> User | None:
    """Return the contact whom a change concerns, if there is one with that key."""
    if kind == Kind.ADD:
        return None
    slots = certificate.contacts.select_related("user")
    return {str(slot.user_id): slot.user for slot in slots}.get(text)


def _take(request: Request, form: ChangeForm) -> HttpResponse:
    wait = seconds_to_wait(
        request, group="contact-requests", key=str(request.user.pk), rate=ASKED_BY_PERSON
    )
    if wait:
        form.add_error(None, _("That was a lot at once. Please try again in an hour."))
        return _ask(request, form, status=TOO_MANY)
    if not form.is_valid():
        return _ask(request, form, status=UNPROCESSABLE)
    try:
        request_change(
            certificate=form.certificate,
            kind=form.kind,
            person=form.person,
            details=form.details(),
            note=form.cleaned_data["note"],
            submission=form.key(),
            actor=request.user,
            at=request.at,
        )
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        return _refuse(request, form, refusal)
    messages.success(request, _("Asked for. You are told when it is decided."))
    return redirect("certificate-contacts", form.certificate.number)


def _refuse(request: Request, form: ChangeForm, refusal: Refused) -> HttpResponse:
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    if isinstance(refusal, Conflict):
        form.renew()
        return _ask(request, form, status=CONFLICT)
    return _ask(request, form, status=UNPROCESSABLE)


def _ask(request: Request, form: ChangeForm, *, status: int = 200) -> HttpResponse:
    words = {"name": form.person.name if form.person else ""}
    change = CHANGES[form.kind]
    context = {
        "form": form,
        "certificate": form.certificate,
        "title": str(change.title) % words,
        "explanation": str(change.explanation) % words,
        "submit": change.submit,
        "person": form.person,
        "crumbs": [
            *_crumbs(form.certificate, contacts_linked=True),
            {"label": str(change.title) % words, "url": None},
        ],
    }
    return render(request, "accounts/contact_change.html", context, status=status)


def _context(request: Request, certificate: Certificate) -> dict[str, Any]:
    requests = requests_seen_by(request.user, certificate).select_related(
        "person", "requested_by", "decided_by", "version"
    )
    waiting = list(requests.filter(state=ContactRequest.State.WAITING))
    settled = requests.exclude(state=ContactRequest.State.WAITING).order_by("-decided_at", "-pk")
    slots = _slots(certificate, waiting)
    taken = sum(slot.contact is not None for slot in slots)
    return {
        "certificate": certificate,
        "slots": slots,
        "taken": taken,
        "free": certificate.contact_limit - taken,
        "frozen": _frozen(request, certificate),
        "waiting": waiting,
        "settled": Paginator(settled, SETTLED_PAGE).get_page(request.GET.get("page")),
        "may_ask": request.user.is_contact,
        "crumbs": _crumbs(certificate, contacts_linked=False),
    }


def _frozen(request: Request, certificate: Certificate) -> str:
    """Return why nothing of the contacts can be changed now; "" when it can."""
    try:
        check_standing(certificate, request.at)
    except Refused as refusal:
        return str(refusal)
    return ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot, who holds it, and what is asked for about them."""

    number: int
    contact: Contact | None
    waiting: ContactRequest | None


def _slots(certificate: Certificate, waiting: list[ContactRequest]) -> list[Slot]:
    held = {contact.slot: contact for contact in certificate.contacts.select_related("user")}
    asked = {request.person_id: request for request in waiting if request.person_id}
    return [
        Slot(number, held.get(number), asked.get(held[number].user_id) if number in held else None)
        for number in range(1, certificate.contact_limit + 1)
    ]


def _crumbs(certificate: Certificate, *, contacts_linked: bool) -> list[dict[str, Any]]:
    contacts_page = reverse("certificate-contacts", args=[certificate.number])
    return [
        {
            "label": certificate.number,
            "url": reverse("certificate", args=[certificate.number]),
        },
        {"label": _("Contacts"), "url": contacts_page if contacts_linked else None},
    ]
