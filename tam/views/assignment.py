"""Whose an incident is: giving it to a person or a team, taking it, giving it back (SPEC 4, 11)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from incidents.access import Verb, get_incident, verbs_of
from incidents.actions.submissions import once
from incidents.models import Incident
from incidents.views.act_forms import ActForm, OptionalWordsForm
from incidents.views.acts import UNPROCESSABLE, add_refusal, status_of
from incidents.views.request import Request
from tam.actions.assignment import assign, assignee, give_to_team, hand_back, take
from tam.queries.inbox import inbox_of
from tam.views.assignment_form import AssignmentForm, Receivers
from tam.views.guards import staff_only
from tam.views.sent_again import answer_again, key_of, onward


@dataclass(frozen=True, slots=True)
class Words:
    """What the page of an act says, as `incidents/act.html` shows it."""

    title: str | LazyText
    explanation: str | LazyText
    submit: str | LazyText


ASSIGNMENT = Words(
    gettext_lazy("Assign"),
    gettext_lazy("Who gets it is told at once, and sees it from now on."),
    gettext_lazy("Assign"),
)
TO_A_TEAM = Words(
    gettext_lazy("Hand to a team"),
    gettext_lazy("Its members are told at once, and see it from now on."),
    gettext_lazy("Hand to the team"),
)
RETURN = Words(
    gettext_lazy("Give back"),
    gettext_lazy("Whoever is responsible is told, and has it again."),
    gettext_lazy("Give back"),
)


@require_safe
@staff_only
def inbox(request: Request) -> HttpResponse:
    """Show what lies with one's teams."""
    shown = inbox_of(request.user, request.at, request.GET.get("page", ""))
    return render(request, "tam/desk/inbox.html", {"inbox": shown, "page": shown.page})


@require_http_methods(["GET", "POST"])
@staff_only
def assignment(request: Request, reference: str) -> HttpResponse:
    """Show to whom an incident can be given, or give it."""
    key = key_of(request)
    if again := answer_again(request, key):
        return again
    incident = get_incident(request.user, reference, Verb.HAND_TO_TEAM, request.at)
    may_assign = Verb.ASSIGN in verbs_of(request.user, incident, request.at)
    words = ASSIGNMENT if may_assign else TO_A_TEAM
    receivers = Receivers.offered(request.at, holder=assignee(incident), may_assign=may_assign)
    typed = request.POST if request.method == "POST" else None
    form = AssignmentForm(typed, incident=incident, user=request.user, receivers=receivers)
    if not form.is_bound:
        return _show(request, incident, words, form)
    if not form.is_valid():
        return _show(request, incident, words, form, status=UNPROCESSABLE)
    return _act(request, incident, words, form, lambda: _give(request, incident, form))


@require_POST
@staff_only
def taking(request: Request, reference: str) -> HttpResponse:
    """Put an incident on one's own desk; done twice, it lies there once."""
    incident = get_incident(request.user, reference, Verb.TAKE, request.at)
    try:
        take(incident=incident, actor=request.user, at=request.at)
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("It is on your desk."))
    return redirect(incident)


@require_http_methods(["GET", "POST"])
@staff_only
def giving_back(request: Request, reference: str) -> HttpResponse:
    """Ask why an incident goes back, or give it back."""
    key = key_of(request)
    if again := answer_again(request, key):
        return again
    incident = get_incident(request.user, reference, Verb.HAND_BACK, request.at)
    typed = request.POST if request.method == "POST" else None
    form = OptionalWordsForm(typed, incident=incident, user=request.user)
    form.fields["text"].label = _("Note")
    if not form.is_bound:
        return _show(request, incident, RETURN, form)
    if not form.is_valid():
        return _show(request, incident, RETURN, form, status=UNPROCESSABLE)
    return _act(request, incident, RETURN, form, lambda: _return(request, incident, form))


def _give(request: Request, incident: Incident, form: AssignmentForm) -> str:
    team, text = form.team, form.cleaned_data["text"]
    seen = form.cleaned_data["seen"]
    common = {"incident": incident, "actor": request.user, "text": text, "at": request.at}
    if team is not None:
        give_to_team(team=team, unchanged_since=seen, **common)
        return _("It lies with %(name)s now.") % {"name": team.name}
    assign(to=form.person, unchanged_since=seen, **common)
    if form.person is None:
        return _("It is nobody's own any more.")
    return _("It is on the desk of %(name)s now.") % {"name": form.person.name}


def _return(request: Request, incident: Incident, form: ActForm) -> str:
    text = form.cleaned_data["text"]
    hand_back(incident=incident, actor=request.user, text=text, at=request.at)
    return _("It is given back.")


def _act(
    request: Request, incident: Incident, words: Words, form: ActForm, act: Callable[[], str]
) -> HttpResponse:
    """Do it once, say what was done, and go where the person may still look."""

    def done() -> str:
        messages.success(request, act())
        return onward(request, incident)

    try:
        led_to = once(user=request.user, key=key_of(request), at=request.at, act=done)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        add_refusal(form, refusal)
        incident = get_incident(request.user, incident.reference, Verb.SEE, request.at)
        form.data = {**request.POST.dict(), "seen": str(incident.journal_length)}
        return _show(request, incident, words, form, status=status_of(refusal))
    return redirect(led_to)


def _show(
    request: Request, incident: Incident, words: Words, form: ActForm, status: int = 200
) -> HttpResponse:
    context = {"incident": incident, "act": words, "form": form}
    return render(request, "incidents/act.html", context, status=status)
