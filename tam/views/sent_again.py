"""Acts that may take an incident out of one's own sight: sent again, they still lead somewhere."""

from uuid import UUID, uuid4, uuid5

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from incidents.models import Incident, Submission
from incidents.views.request import Request

NOT_TYPED = frozenset({"csrfmiddlewaretoken", "idempotency_key", "seen"})


def key_of(request: Request) -> UUID:
    """Return by what a form is taken once: its key, its address and what was typed.

    A form that came without a key is taken as new.
    """
    typed = sorted((name, value) for name, value in request.POST.items() if name not in NOT_TYPED)
    try:
        sent = UUID(request.POST.get("idempotency_key", ""))
    except ValueError:
        sent = uuid4()
    return uuid5(sent, repr((request.path, typed)))


def answer_again(request: Request, key: UUID) -> HttpResponse | None:
    """Return what a form that was taken led to; None for one that was not."""
    taken = Submission.objects.filter(user=request.user, key=key).exclude(result_url="").first()
    return redirect(taken.result_url) if taken else None


def onward(request: Request, incident: Incident) -> str:
    """Return the incident's address while the person sees it, else that of their inbox."""
    sees = Incident.objects.visible_to(request.user, request.at).filter(pk=incident.pk).exists()
    return incident.get_absolute_url() if sees else reverse("inbox")
