"""Filing: one page that says what is promised before anything is sent (SPEC 5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.errors import Conflict, Refused
from incidents.actions.filing import file_incident, preview_promise
from incidents.actions.filing_drafts import end_filing_draft, filing_draft_of, place_of
from incidents.actions.submissions import once
from incidents.actions.uploads import claim_uploads
from incidents.models import FilingDraft
from incidents.queries.look_alikes import LookAlike, look_alikes
from incidents.views.filing_drafts import HELD_LENGTH, keep_what_was_sent, require_filer
from incidents.views.filing_form import Choices, FilingForm, choices_for
from incidents.views.request import Request
from incidents.views.upload_field import uploads_shown

UNPROCESSABLE, CONFLICT = 422, 409
HELD = "held_filing"  # what was typed when the session had ended, until the person is back


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def filing(request: HttpRequest) -> HttpResponse:
    """Show the form or take it; without a session keep what was typed, and ask to sign in."""
    if not request.user.is_authenticated:
        _hold(request)
        return redirect_to_login(reverse("file"))
    return _page(cast(Request, request))


@login_not_required
@never_cache
@require_GET
def terms(request: HttpRequest) -> HttpResponse:
    """Answer what follows from a choice: the promise, and the questions that go with it."""
    if not request.user.is_authenticated:
        return render(request, "incidents/_file_signed_out.html")
    return _terms(cast(Request, request))


@login_not_required
@never_cache
@require_GET
def alike(request: HttpRequest) -> HttpResponse:
    """Answer with the incidents whose titles look like what is being typed."""
    if not request.user.is_authenticated:
        return HttpResponse()
    return _alike(cast(Request, request))


def _terms(request: Request) -> HttpResponse:
    require_filer(request)
    form = _unsent(request, request.GET.dict())
    return render(request, "incidents/file_terms.html", _context(request, form))


def _alike(request: Request) -> HttpResponse:
    require_filer(request)
    choices = choices_for(request.user, request.GET, request.at)
    found = _look_alikes(request, choices, request.GET.get("title", ""))
    return render(request, "incidents/_file_look_alikes.html", {"look_alikes": found})


def _page(request: Request) -> HttpResponse:
    require_filer(request)
    if request.method == "POST":
        return _take(request)
    draft = filing_draft_of(request.user)
    held = _released(request)
    typed = held or request.GET.dict()
    if draft and not typed:
        return _show(request, _unsent(request, draft.typed), restored=draft)
    form = _unsent(request, typed)
    kept = draft if draft and draft.typed.get("key") != typed.get("key") else None
    return _show(request, form, unfinished=kept, unsaved=held is not None)


def _take(request: Request) -> HttpResponse:
    choices = choices_for(request.user, request.POST, request.at)
    if "show" in request.POST:
        return _show_again(request, _unsent(request, request.POST.dict()))
    form = FilingForm(request.POST, request.FILES, user=request.user, choices=choices)
    if not form.is_valid():
        return _show_again(request, form, status=UNPROCESSABLE)
    if not form.promise_was_shown:
        return _show_again(request, _unsent(request, request.POST.dict()), confirm=True)
    try:
        url = once(
            user=request.user,
            key=form.submission_key(),
            at=request.at,
            act=lambda: _file(request, form),
        )
    except Refused as refusal:
        form.refuse(refusal)
        status = CONFLICT if isinstance(refusal, Conflict) else UNPROCESSABLE
        return _show_again(request, form, status=status)
    return redirect(url)


def _file(request: Request, form: FilingForm) -> str:
    received_at = form.choices.received_at(request.at)
    given = form.as_filing()
    arrived = claim_uploads(user=request.user, ids=form.cleaned_data["uploads"])
    given["files"] = [*arrived, *given["files"]]
    incident = file_incident(**given, at=received_at, logged_at=request.at)
    end_filing_draft(user=request.user, key=form.cleaned_data["key"], at=request.at)
    return reverse("incident-filed", args=[incident.reference])


def _unsent(request: Request, typed: Mapping[str, Any]) -> FilingForm:
    """Return a form with what was typed so far, not yet judged."""
    choices = choices_for(request.user, typed, request.at)
    initial = {"key": uuid4(), **{name: value for name, value in typed.items() if value}}
    return FilingForm(initial=initial, user=request.user, choices=choices)


def _show_again(
    request: Request, form: FilingForm, *, confirm: bool = False, status: int = 200
) -> HttpResponse:
    """Show a form that was sent and not taken, and keep it."""
    keep_what_was_sent(request)
    lost = [file.name or "" for _field, files in request.FILES.lists() for file in files]
    return _show(request, form, confirm=confirm, files_lost=lost, status=status)


def _show(
    request: Request,
    form: FilingForm,
    *,
    status: int = 200,
    confirm: bool = False,
    files_lost: list[str] | None = None,
    restored: FilingDraft | None = None,
    unfinished: FilingDraft | None = None,
    unsaved: bool = False,
) -> HttpResponse:
    place = place_of(form["key"].value())
    context = _context(request, form) | {
        **uploads_shown(request.user, place, form),
        "confirm": confirm,
        "files_lost": files_lost,
        "restored": restored,
        "unfinished": unfinished,
        "unsaved": unsaved,
        "look_alikes": _look_alikes(request, form.choices, form["title"].value() or ""),
    }
    return render(request, "incidents/file.html", context, status=status)


def _look_alikes(request: Request, choices: Choices, title: str) -> list[LookAlike]:
    user = request.user
    named = choices.certificate.customer_id if choices.certificate else None
    customer = user.customer_id if user.is_contact else named
    return look_alikes(user=user, customer_id=customer, title=title, at=request.at)


def _context(request: Request, form: FilingForm) -> dict[str, Any]:
    choices = form.choices
    return {
        "form": form,
        "choices": choices,
        "promise": shown_promise(choices, request.at),
        "refusals": [
            choices.refusals[one.pk] for one in choices.certificates if not choices.usable
        ],
    }


@dataclass(frozen=True, slots=True)
class ShownPromise:
    """What `_promise.html` draws."""

    severity: int
    answer_at: datetime | None
    call_required: bool
    opens_at: datetime | None
    office_name: str
    office_zone: str
    phone: str

    @property
    def phone_link(self) -> str:
        return "".join(sign for sign in self.phone if sign.isdigit() or sign == "+")


def shown_promise(choices: Choices, at: datetime) -> ShownPromise | None:
    """Return what filing now would promise, or None until there is a choice to promise for."""
    if choices.certificate is None or choices.category is None:
        return None
    preview = preview_promise(
        certificate=choices.certificate,
        category=choices.category,
        at=choices.received_at(at),
        channel=choices.channel,
    )
    office, clock = choices.certificate.office, preview.clock
    return ShownPromise(
        severity=preview.severity,
        answer_at=clock.due_at if clock else None,
        call_required=preview.call_required,
        opens_at=clock.started_at if clock and preview.call_required else None,
        office_name=office.name,
        office_zone=office.timezone,
        phone=office.msa_phone or office.phone,
    )


def _hold(request: HttpRequest) -> None:
    typed = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    if typed and sum(len(str(value)) for value in typed.values()) <= HELD_LENGTH:
        request.session[HELD] = typed


def _released(request: Request) -> dict[str, str] | None:
    """Return what this person had typed before they signed in again; nobody else's."""
    held: dict[str, str] | None = request.session.pop(HELD, None)
    if held is None or held.get("writer") != str(request.user.pk):
        return None
    messages.info(
        request,
        _("You had been signed out. What you typed is still here; please choose your files again."),
    )
    return held
