"""A page that asks for one thing and takes it once: the form, its errors, and what follows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from incidents.actions.submissions import once
from incidents.views.request import Request
from tam.views.customer_forms import OnceForm

UNPROCESSABLE: Final = 422
CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page says, where it leads, and what it is `about`: a form's key holds for that."""

    title: str
    explanation: str
    submit: str
    done: str
    back: str
    crumbs: Sequence[dict[str, Any]]
    about: str


def posted(request: Request) -> Any:
    """Return what a form is bound to: what was sent, or nothing where it is only asked for."""
    return request.POST if request.method == "POST" else None


def take(
    request: Request, form: OnceForm, asked: Asked, act: Callable[[Any], object]
) -> HttpResponse:
    """Show an unbound form, or perform `act` with a valid one, once; what was typed stays."""
    if request.method != "POST":
        return _ask(request, form, asked, 200)
    if not form.is_valid():
        return _ask(request, form, asked, UNPROCESSABLE)

    def perform() -> str:
        act(form)
        return asked.back

    try:
        address = once(user=request.user, key=form.key(asked.about), at=request.at, act=perform)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        status = CONFLICT if isinstance(refusal, Conflict) else UNPROCESSABLE
        return _ask(request, form, asked, status)
    messages.success(request, asked.done)
    return redirect(address)


def _ask(request: Request, form: OnceForm, asked: Asked, status: int) -> HttpResponse:
    context = {"form": form, "asked": asked, "crumbs": asked.crumbs}
    return render(request, "tam/customers/form.html", context, status=status)
