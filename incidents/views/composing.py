"""Taking what was written in the composer."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from incidents.access import Verb, get_incident
from incidents.actions import answering, responding
from incidents.actions.drafts import discard_draft
from incidents.actions.points import drop_point
from incidents.actions.submissions import once
from incidents.actions.uploads import claim_uploads
from incidents.models import Incident
from incidents.views.acts import UNPROCESSABLE, add_refusal, seen_now, status_of
from incidents.views.composer import MessageForm
from incidents.views.incident import context
from incidents.views.request import Request

MESSAGE_VERBS: Final[Mapping[str, Verb]] = {
    "response": Verb.RESPOND,
    "question": Verb.ASK,
    "solution": Verb.OFFER_SOLUTION,
    "note": Verb.NOTE,
}

Then = Callable[[Incident, MessageForm], object]


@require_POST
def message(request: Request, reference: str) -> HttpResponse:
    return take_message(request, reference)


def take_message(request: Request, reference: str, then: Then | None = None) -> HttpResponse:
    """Take what was written, and do something more with the incident in the same step.

    What either refuses, neither does: the page is shown again with what was typed.
    """
    kind = request.POST.get("kind", "")
    verb = Verb.ANSWER if request.user.is_contact else MESSAGE_VERBS.get(kind, Verb.NOTE)
    incident = get_incident(request.user, reference, verb, request.at)
    form = MessageForm(request.POST, request.FILES, incident=incident, user=request.user)
    if not form.is_valid():
        return _compose_again(request, incident, form, UNPROCESSABLE)

    def act() -> str:
        written = _write(request, incident, verb, form)
        discard_draft(incident=incident, user=request.user)
        if then is not None:
            then(written, form)
        return incident.get_absolute_url()

    try:
        led_to = once(user=request.user, key=form.key, at=request.at, act=act)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        add_refusal(form, refusal)
        return _compose_again(request, incident, form, status_of(refusal))
    if "next" in request.POST and not request.user.is_contact:
        return redirect(f"{reverse('queue-next')}?{urlencode({'after': reference})}")
    return redirect(led_to)


@require_POST
def point_withdrawal(request: Request, reference: str, pk: int) -> HttpResponse:
    """Ask for a point no more."""
    incident = get_incident(request.user, reference, Verb.ASK, request.at)
    point = get_object_or_404(incident.points, pk=pk)
    try:
        drop_point(incident=incident, actor=request.user, point=point, at=request.at)
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The point is not asked for any more."))
    return redirect(incident)


def _write(request: Request, incident: Incident, verb: Verb, form: MessageForm) -> Incident:
    cleaned = form.cleaned_data
    words: dict[str, Any] = {
        "incident": incident,
        "actor": request.user,
        "text": cleaned["text"],
        "at": request.at,
        "files": [
            *cleaned["files"],
            *claim_uploads(user=request.user, ids=cleaned["uploads"]),
        ],
    }
    seen = {"unchanged_since": cleaned["seen"]}
    asked = {"points": cleaned["points"]}
    match verb:
        case Verb.ANSWER:
            return answering.answer(**words, points=form.answers)
        case Verb.RESPOND:
            return responding.respond(**words, **seen, **asked, qualified=cleaned["qualified"])
        case Verb.ASK:
            return responding.ask_customer(**words, **seen, **asked)
        case Verb.OFFER_SOLUTION:
            return responding.offer_solution(**words, **seen, workaround=cleaned["workaround"])
        case _:
            return responding.add_note(**words)


def _compose_again(
    request: Request, incident: Incident, form: MessageForm, status: int
) -> HttpResponse:
    """Show the page as it is now, with what was typed; sent again, it is sent knowing."""
    form.incident = incident = get_incident(request.user, incident.reference, Verb.SEE, request.at)
    form.data = form.keep_stale_answers(seen_now(request, incident))
    return render(
        request, "incidents/incident.html", context(request, incident, form), status=status
    )
