"""Acts on an incident: nouns below its address; a view reads, calls one action, answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from incidents.access import Verb, get_incident
from incidents.actions import answering, responding
from incidents.actions.submissions import once
from incidents.models import Incident
from incidents.views.act_forms import (
    ActForm,
    OptionalWordsForm,
    SeverityForm,
    WordsForm,
)
from incidents.views.calls import CallForm, log_call, shown_with_form
from incidents.views.request import Request

UNPROCESSABLE, CONFLICT = 422, 409


def _nothing(_request: Request, _incident: Incident) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Act:
    """One act: who may, what it asks for, what it does, and what the person reads about it.

    `template` extends the page of every act's form; `shown` is what it shows besides the form.
    """

    verb: Verb
    form: type[ActForm]
    perform: Callable[[Request, Incident, Any], object]
    title: str | LazyText
    explanation: str | LazyText
    submit: str | LazyText
    done: str | LazyText
    template: str = "incidents/act.html"
    shown: Callable[[Request, Incident], Mapping[str, Any]] = _nothing


def _with_text(action: Callable[..., object]) -> Callable[[Request, Incident, Any], object]:
    def perform(request: Request, incident: Incident, form: Any) -> object:
        return action(
            incident=incident,
            actor=request.user,
            text=form.cleaned_data["text"],
            at=request.at,
        )

    return perform


def _with_text_if_unchanged(
    action: Callable[..., object],
) -> Callable[[Request, Incident, Any], object]:
    def perform(request: Request, incident: Incident, form: Any) -> object:
        return action(
            incident=incident,
            actor=request.user,
            text=form.cleaned_data["text"],
            at=request.at,
            unchanged_since=form.cleaned_data["seen"],
        )

    return perform


def _change_severity(request: Request, incident: Incident, form: Any) -> object:
    return responding.change_severity(
        incident=incident,
        actor=request.user,
        severity=form.cleaned_data["severity"],
        text=form.cleaned_data["text"],
        at=request.at,
        unchanged_since=form.cleaned_data["seen"],
    )


ACTS: Mapping[str, Act] = {
    "refusals": Act(
        Verb.DECLINE,
        WordsForm,
        _with_text(answering.decline),
        gettext_lazy("Not solved"),
        gettext_lazy("Tell us what is still wrong. The next move will be ours again."),
        gettext_lazy("Send"),
        gettext_lazy("Thank you. We go on working on it."),
    ),
    "withdrawal": Act(
        Verb.WITHDRAW,
        OptionalWordsForm,
        _with_text(answering.withdraw),
        gettext_lazy("Withdraw this incident"),
        gettext_lazy("It will be closed. You can reopen it for 14 days."),
        gettext_lazy("Withdraw"),
        gettext_lazy("The incident is withdrawn."),
    ),
    "reopenings": Act(
        Verb.REOPEN,
        WordsForm,
        _with_text(answering.reopen),
        gettext_lazy("Reopen this incident"),
        gettext_lazy("Tell us why; we go on from where it was closed."),
        gettext_lazy("Reopen"),
        gettext_lazy("The incident is open again."),
    ),
    "severity": Act(
        Verb.CHANGE_SEVERITY,
        SeverityForm,
        _change_severity,
        gettext_lazy("Change the severity"),
        gettext_lazy(
            "Raised, the new response time counts from now; lowered, from the clock's start."
        ),
        gettext_lazy("Change the severity"),
        gettext_lazy("The severity is changed."),
    ),
    "workarounds": Act(
        Verb.RECORD_WORKAROUND,
        WordsForm,
        _with_text_if_unchanged(responding.record_workaround),
        gettext_lazy("Record a workaround"),
        gettext_lazy("It is sent to the customer. Severity 1 becomes severity 2 by itself."),
        gettext_lazy("Record the workaround"),
        gettext_lazy("The workaround is recorded and sent."),
    ),
    "calls": Act(
        Verb.LOG_CALL,
        CallForm,
        log_call,
        gettext_lazy("Log a call"),
        gettext_lazy("A call starts a clock that waits for one; a qualified one stops it."),
        gettext_lazy("Log the call"),
        gettext_lazy("The call is logged."),
        template="incidents/call.html",
        shown=shown_with_form,
    ),
    "retractions": Act(
        Verb.TAKE_BACK,
        OptionalWordsForm,
        _with_text_if_unchanged(responding.take_back),
        gettext_lazy("Take back"),
        gettext_lazy("The question or offer no longer stands; the next move is ours again."),
        gettext_lazy("Take back"),
        gettext_lazy("Taken back: the next move is ours."),
    ),
}


@require_http_methods(["GET", "POST"])
def act(request: Request, reference: str, noun: str) -> HttpResponse:
    """Show the form of an act, or do it."""
    return perform(request, reference, ACTS[noun])


def perform(request: Request, reference: str, act: Act) -> HttpResponse:
    incident = get_incident(request.user, reference, act.verb, request.at)
    if request.method == "GET":
        return _ask(request, incident, act, act.form(incident=incident, user=request.user))
    form = act.form(request.POST, request.FILES, incident=incident, user=request.user)
    if not form.is_valid():
        return _ask(request, incident, act, form, status=UNPROCESSABLE)
    try:
        once(
            user=request.user,
            key=form.key,
            at=request.at,
            act=lambda: _led_to(incident, act.perform(request, incident, form)),
        )
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        add_refusal(form, refusal)
        form.incident = incident = get_incident(request.user, reference, Verb.SEE, request.at)
        form.data = seen_now(request, incident)
        return _ask(request, incident, act, form, status=status_of(refusal))
    messages.success(request, str(act.done))
    return redirect(incident)


def _led_to(incident: Incident, _result: object) -> str:
    return incident.get_absolute_url()


def _ask(
    request: Request, incident: Incident, act: Act, form: ActForm, status: int = 200
) -> HttpResponse:
    return render(
        request,
        act.template,
        {"incident": incident, "act": act, "form": form, **act.shown(request, incident)},
        status=status,
    )


@require_POST
def acceptance(request: Request, reference: str) -> HttpResponse:
    incident = get_incident(request.user, reference, Verb.ACCEPT, request.at)
    try:
        answering.accept(incident=incident, actor=request.user, text="", at=request.at)
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Thank you. The incident is closed as solved."))
    return redirect(incident)


def seen_now(request: Request, incident: Incident) -> dict[str, Any]:
    """Return what was sent, as if sent from the page that is shown now."""
    seen = "" if request.user.is_contact else str(incident.journal_length)
    return {**request.POST.dict(), "seen": seen}


def add_refusal(form: ActForm, refusal: Refused) -> None:
    field = refusal.field if refusal.field in form.fields else None
    form.add_error(field, str(refusal))


def status_of(refusal: Refused) -> int:
    return CONFLICT if isinstance(refusal, Conflict) else UNPROCESSABLE
