"""What the workspace adds to the composer: templates, colleagues to mention, handing over."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import Refused
from accounts.models import Team, User
from incidents.access import Verb, get_incident, verbs_of
from incidents.actions.drafts import draft_of, save_draft
from incidents.actions.points import points_in
from incidents.models import Incident
from incidents.queries.colleagues import colleagues_on
from incidents.views.composer import MessageForm
from incidents.views.composing import take_message
from incidents.views.drafts import DraftForm
from incidents.views.request import Request
from tam.actions.assignment import assign, give_to_team
from tam.actions.templates import Filled, fill_template, get_template, templates_for
from tam.models import ReplyTemplate
from tam.queries.narrowing import whole_number
from tam.queries.people import colleagues, teams_with_counts
from tam.queries.writing import answer_due
from tam.views.guards import staff_only

UNPROCESSABLE = 422


@require_GET
@staff_only
def tools(request: Request, reference: str) -> HttpResponse:
    """Show what stands below the composer: a part of the incident's page."""
    incident = get_incident(request.user, reference, Verb.NOTE, request.at)
    if "HX-Request" not in request.headers:
        return redirect(incident)
    verbs = verbs_of(request.user, incident, request.at)
    context = {
        "incident": incident,
        "templates": templates_for(request.user),
        "called": colleagues_on(incident, request.at).exclude(pk=request.user.pk),
        "people": colleagues(request.at) if incident.is_open and Verb.ASSIGN in verbs else [],
        "teams": teams_with_counts() if incident.is_open and Verb.HAND_TO_TEAM in verbs else [],
    }
    return render(request, "tam/writing/_tools.html", context)


@require_http_methods(["GET", "POST"])
@staff_only
def choose_template(request: Request, reference: str) -> HttpResponse:
    """Show the templates as they read on this incident; what was typed is kept as a draft first."""
    incident = get_incident(request.user, reference, Verb.NOTE, request.at)
    if request.method == "POST":
        _keep(request, incident, "", "")
        return redirect("incident-templates", reference)
    due_at = answer_due(incident)
    choices = [
        {"template": template, **_previewed(template, incident, request.user, due_at)}
        for template in templates_for(request.user)
    ]
    context = {"incident": incident, "choices": choices}
    return render(request, "tam/writing/choose.html", context)


@require_POST
@staff_only
def insertion(request: Request, reference: str) -> HttpResponse:
    """Put a template's text below what is typed: into the draft, or told to the page's script."""
    incident = get_incident(request.user, reference, Verb.NOTE, request.at)
    by_script = "HX-Request" in request.headers
    try:
        template = _chosen(request)
        filled = fill_template(
            template=template, incident=incident, me=request.user, due_at=answer_due(incident)
        )
    except Refused as refusal:
        if by_script:
            return JsonResponse({"error": str(refusal)}, status=UNPROCESSABLE)
        messages.error(request, str(refusal))
        return redirect(incident)
    if by_script:
        return JsonResponse({"text": filled.text, "kind": template.kind, "note": filled.note})
    _keep(request, incident, filled.text, template.kind)
    if filled.note:
        messages.info(request, filled.note)
    return redirect(incident)


@require_POST
@staff_only
def handed(request: Request, reference: str) -> HttpResponse:
    """Send what was written, and hand the incident on in the same step."""

    def hand_on(incident: Incident, form: MessageForm) -> None:
        _hand_on(request, incident, form.cleaned_data["hand_to"])

    return take_message(request, reference, then=hand_on)


def _chosen(request: Request) -> ReplyTemplate:
    key = whole_number(request.POST.get("template"))
    if key is None:
        raise Refused(_("Choose a template."))
    return get_template(request.user, key)


def _keep(request: Request, incident: Incident, more: str, kind: str) -> None:
    """Save what the composer holds, and `more` below it, as the person's draft."""
    typed = _typed(request, incident)
    text = "\n\n".join(filter(None, [typed.get("text", "").rstrip(), more]))
    save_draft(
        incident=incident,
        user=request.user,
        kind=kind or typed.get("kind", ""),
        text=text,
        points=points_in(typed.get("points", "")),
        at=request.at,
    )


def _typed(request: Request, incident: Incident) -> dict[str, Any]:
    """Return what the composer sent along; from a page without one, what was kept before."""
    form = DraftForm(request.POST)
    if "from_draft" not in request.POST:
        return form.cleaned_data if form.is_valid() else {}
    draft = draft_of(incident, request.user)
    if draft is None:
        return {}
    return {"kind": draft.kind, "text": draft.text, "points": "\n".join(draft.points)}


def _previewed(
    template: ReplyTemplate, incident: Incident, me: User, due_at: Any
) -> dict[str, Filled | str]:
    try:
        filled = fill_template(template=template, incident=incident, me=me, due_at=due_at)
    except Refused as refusal:
        return {"refusal": str(refusal)}
    return {"filled": filled}


def _hand_on(request: Request, incident: Incident, to: str) -> None:
    kind, _dash, key = to.partition("-")
    person = _offered_person(key, request.at) if kind == "person" else None
    team = _offered_team(key) if kind == "team" else None
    if person is not None:
        _allowed(request, incident, Verb.ASSIGN)
        assign(incident=incident, actor=request.user, to=person, at=request.at)
    elif team is not None:
        _allowed(request, incident, Verb.HAND_TO_TEAM)
        give_to_team(incident=incident, actor=request.user, team=team, at=request.at)
    else:
        raise Refused(_("Choose to whom to hand it on."), field="hand_to")


def _offered_person(key: str, at: datetime) -> User | None:
    return next((each.person for each in colleagues(at) if str(each.person.pk) == key), None)


def _offered_team(key: str) -> Team | None:
    return next((team for team, _count in teams_with_counts() if str(team.pk) == key), None)


def _allowed(request: Request, incident: Incident, verb: Verb) -> None:
    get_incident(request.user, incident.reference, verb, request.at, related=())
