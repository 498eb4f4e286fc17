"""What somebody reads who has just filed: that it arrived, and what happens now."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from incidents.access import Verb, get_incident
from incidents.models import ClockKind, Incident, MessageKind
from incidents.states import State
from incidents.views.request import Request


@require_GET
def page(request: Request, reference: str) -> HttpResponse:
    """Confirm the filing, until somebody has taken it on: then the incident itself says more."""
    incident = get_incident(request.user, reference, Verb.SEE, request.at)
    if incident.state != State.RECEIVED:
        return redirect(incident)
    clock = incident.clocks.filter(kind=ClockKind.RESPONSE).last()
    context = {
        "incident": incident,
        "office": incident.certificate.office,
        "clock": clock,
        "call_is_due": clock is not None and clock.is_waiting(request.at),
        "told": _told(incident),
        "files": incident.attachments.filter(message__kind=MessageKind.REPORT),
        "is_theirs": request.user == incident.author,
    }
    return render(request, "incidents/filed.html", context)


def _told(incident: Incident) -> list[str]:
    """Return the addresses that letters about the incident go to."""
    followers = incident.followers.select_related("user").order_by("user__name")
    return [follower.user.email for follower in followers]
