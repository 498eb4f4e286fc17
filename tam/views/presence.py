"""Who else is on an incident, and what they did since the page was loaded."""

import re
from collections.abc import Sequence
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.models import User
from incidents.access import Verb, get_incident
from incidents.models import Incident
from incidents.views.request import Request
from tam.presence import Doing, beat
from tam.queries.narrowing import whole_number
from tam.views.guards import staff_only

_WINDOW: Final = re.compile(r"^[0-9a-f-]{1,36}$")


@require_POST
@staff_only
def presence(request: Request, reference: str) -> HttpResponse:
    """Take a page's word on what its reader does, and tell it who else is there and what is new."""
    user = request.user
    incident = get_incident(user, reference, Verb.SEE, request.at, related=())
    replies = request.POST.get("doing") == Doing.REPLYING
    there = beat(
        incident=incident.pk,
        person=user.pk,
        name=user.name,
        doing=Doing.REPLYING if replies else Doing.READING,
        window="".join(_WINDOW.findall(request.POST.get("window", ""))[:1]),
    )
    acted = _acted_since(incident, request.POST.get("seen", ""), user)
    context = {"incident": incident, "there": there, "acted": acted}
    return render(request, "tam/writing/_presence.html", context)


def _acted_since(incident: Incident, seen: str, reader: User) -> Sequence[str]:
    """Return the names of the others who acted since the journal had the length that was seen."""
    length = whole_number(seen)
    if length is None or length >= incident.journal_length:
        return []
    news = incident.journal.filter(number__gt=length, actor__isnull=False).exclude(actor=reader)
    names = news.order_by("number").values_list("actor__name", flat=True)
    return list(dict.fromkeys(names))
