"""Following an incident: what has been read, and a follow-up once it is closed (SPEC 6, 18)."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import NotAllowed, NotFound, Refused
from accounts.models import Certificate
from incidents.access import Verb, certificates_for_filing, get_incident
from incidents.actions.filing import preview_promise
from incidents.actions.follow_ups import file_follow_up
from incidents.actions.reading import note_reading
from incidents.actions.submissions import once
from incidents.models import Incident
from incidents.queries import filing_refusals, filings_left
from incidents.views.act_forms import WordsForm
from incidents.views.acts import UNPROCESSABLE, add_refusal, status_of
from incidents.views.request import Request

TITLE_LENGTH, VERSION_LENGTH = 200, 40  # characters, as the columns hold
KEY_LENGTH: Final = 18  # digits of a message's key: below what the database counts to


class FollowUpForm(WordsForm):
    title = forms.CharField(label=gettext_lazy("What is wrong?"), max_length=TITLE_LENGTH)
    product_version = forms.CharField(
        label=gettext_lazy("Version"), max_length=VERSION_LENGTH, required=False
    )
    field_order = ["title", "product_version", "text"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("What happens now?")
        self.fields["title"].initial = self.incident.title
        self.fields["product_version"].initial = self.incident.product_version


@require_POST
def readings(request: Request, reference: str) -> HttpResponse:
    """Take the key of the last message that the page showed: the person has read it."""
    incident = get_incident(request.user, reference, Verb.SEE, request.at)
    message = request.POST.get("message", "")
    if not (message.isascii() and message.isdecimal() and len(message) <= KEY_LENGTH):
        return HttpResponseBadRequest()
    note_reading(incident=incident, user=request.user, message=int(message), at=request.at)
    return HttpResponse(status=204)


@require_http_methods(["GET", "POST"])
def follow_up(request: Request, reference: str) -> HttpResponse:
    """Show the form of a follow-up, with what was typed on the closed page, or file it."""
    incident = get_incident(request.user, reference, Verb.SEE, request.at)
    if not request.user.is_contact:
        raise NotAllowed(_("A follow-up is filed by the customer's contacts."))
    if incident.is_open:
        messages.info(request, _("This incident is open: please write your message there."))
        return redirect(incident)
    if request.method == "GET" or "show" in request.POST:
        typed = {"text": request.POST.get("text", "")}
        return _show(request, FollowUpForm(initial=typed, incident=incident, user=request.user))
    return _file(request, incident)


def _file(request: Request, incident: Incident) -> HttpResponse:
    form = FollowUpForm(request.POST, incident=incident, user=request.user)
    certificate, _refusal = _certificate_for(request, incident)
    if not form.is_valid() or certificate is None:
        return _show(request, form, UNPROCESSABLE)

    def act() -> str:
        words = {name: form.cleaned_data[name] for name in ("title", "text", "product_version")}
        return file_follow_up(
            incident=incident,
            certificate=certificate,
            actor=request.user,
            at=request.at,
            **words,
        ).get_absolute_url()

    try:
        led_to = once(user=request.user, key=form.key, at=request.at, act=act)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        add_refusal(form, refusal)
        return _show(request, form, status_of(refusal))
    messages.success(request, _("The follow-up is filed."))
    return redirect(led_to)


def _show(request: Request, form: FollowUpForm, status: int = 200) -> HttpResponse:
    certificate, refusal = _certificate_for(request, form.incident)
    context = {
        "incident": form.incident,
        "form": form,
        "certificate": certificate,
        "refusal": refusal,
        "promise": _promise(request, form.incident, certificate) if certificate else None,
    }
    return render(request, "incidents/follow_up.html", context, status=status)


def _certificate_for(request: Request, incident: Incident) -> tuple[Certificate | None, str]:
    """Return the certificate to file on, the incident's own if it still holds; or why none does."""
    if not incident.category.active:
        return None, _("The category of the closed incident is not on offer any more.")
    named = certificates_for_filing(request.user, request.at)
    refusals = filing_refusals(named, filings_left(named, request.at), request.at)
    named.sort(key=lambda certificate: certificate.pk != incident.certificate_id)
    product = incident.product_id
    for certificate in named:
        covers = product is None or certificate.covered.filter(product=product).exists()
        if certificate.pk not in refusals and covers:
            return certificate, ""
    own = [refusals[one.pk] for one in named if one.pk in refusals]
    return None, own[0] if own else _("No certificate of yours covers this product.")


def _promise(request: Request, incident: Incident, certificate: Certificate) -> dict[str, Any]:
    """Return what `_promise.html` draws."""
    preview = preview_promise(certificate=certificate, category=incident.category, at=request.at)
    office, clock = certificate.office, preview.clock
    phone = office.msa_phone or office.phone
    return {
        "severity": preview.severity,
        "answer_at": clock.due_at if clock else None,
        "call_required": preview.call_required,
        "opens_at": clock.started_at if clock and preview.call_required else None,
        "office_name": office.name,
        "office_zone": office.timezone,
        "phone": phone,
        "phone_link": "".join(sign for sign in phone if sign.isdigit() or sign == "+"),
    }
