"""Acts on many incidents of the queue: a preview, the act, what became of it, and its undoing."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import Conflict, NotFound
from incidents.views.request import Request
from tam.actions.bulk import UNDO_WITHIN, perform, undo
from tam.models import BulkAct
from tam.queries.narrowing import ME, Narrowing
from tam.queries.queue_bulk import MOST_AT_ONCE, Planned, What, plan
from tam.queries.queue_choices import OFFERED, staff, teams
from tam.views.guards import staff_only
from tam.views.queue_forms import SubmissionForm

UNPROCESSABLE = 422

Group = tuple[str, Sequence[tuple[str, str]]]


def bulk_context(request: Request) -> dict[str, Any]:
    """Return what the queue's page needs for acts on many: which there are, and the last one."""
    return {"acts": _acts(), "undoable": _undoable(request), "at_once": MOST_AT_ONCE}


@require_POST
@staff_only
def preview(request: Request) -> HttpResponse:
    """Show what an act would do to the incidents that were chosen, and to which it would not."""
    references = list(dict.fromkeys(request.POST.getlist("incident")))
    what = What.parse(request.POST.get("act", ""), request.user)
    if error := _error(what, references):
        return _preview(request, what, references, [], error)
    planned = plan(request.user, what, references, request.at) if what else []
    return _preview(request, what, references, planned)


@require_POST
@staff_only
def acts(request: Request) -> HttpResponse:
    """Do what was previewed."""
    references = list(dict.fromkeys(request.POST.getlist("incident")))
    what = What.parse(request.POST.get("act", ""), request.user)
    form = SubmissionForm(request.POST)
    error = _error(what, references)
    if what is None or error or not form.is_valid():
        return _preview(request, what, references, [], error or _("Look at the preview first."))
    done = perform(
        actor=request.user,
        what=what,
        references=references,
        submission=form.cleaned_data["submission"],
        at=request.at,
    )
    if done.items.exclude(refusal="").exists():
        return redirect("queue-bulk-act", done.pk)
    return redirect(_back(request))


@require_safe
@staff_only
def act(request: Request, pk: int) -> HttpResponse:
    """Show what became of an act on many."""
    return _outcome(request, _own(request, pk))


@require_POST
@staff_only
def undoing(request: Request, pk: int) -> HttpResponse:
    """Undo an act on many, once."""
    found = _own(request, pk)
    try:
        undone = undo(act=found, actor=request.user, at=request.at)
    except Conflict as refusal:
        messages.error(request, str(refusal))
        return redirect("queue-bulk-act", pk)
    if undone.items.filter(before__has_key="kept").exists():
        return redirect("queue-bulk-act", pk)
    messages.success(request, _("It is undone."))
    return redirect("queue")


def _own(request: Request, pk: int) -> BulkAct:
    found = BulkAct.objects.filter(pk=pk, actor=request.user).first()
    if found is None:
        raise NotFound(_("There is no such act."))
    return found


def _error(what: What | None, references: Sequence[str]) -> str:
    if not references:
        return _("Choose at least one incident.")
    if len(references) > MOST_AT_ONCE:
        return _("At most %(n)d incidents at once.") % {"n": MOST_AT_ONCE}
    return "" if what else _("Choose what to do.")


def _preview(
    request: Request,
    what: What | None,
    references: Sequence[str],
    planned: Sequence[Planned],
    error: str = "",
) -> HttpResponse:
    changing = [each.incident for each in planned if not each.refusal]
    context = {
        "what": str(what) if what else _("Act on several incidents"),
        "act": request.POST.get("act", ""),
        "acts": _acts() if error else [],
        "references": references[:MOST_AT_ONCE],
        "changing": changing,
        "refused": [each for each in planned if each.refusal],
        "submit": ngettext("Do it for %(n)d incident", "Do it for %(n)d incidents", len(changing))
        % {"n": len(changing)},
        "submission": uuid4(),
        "back": request.POST.get("back", "")[:600],
        "queue_url": _back(request),
        "error": error,
    }
    return render(request, "tam/queue_bulk.html", context, status=UNPROCESSABLE if error else 200)


def _outcome(request: Request, found: BulkAct) -> HttpResponse:
    items = found.items.select_related("incident", "incident__customer")
    context = {
        "act": found,
        "what": str(What.of(found)),
        "done": [item for item in items if not item.refusal and "kept" not in item.before],
        "kept": [item for item in items if "kept" in item.before],
        "refused": [item for item in items if item.refusal],
        "may_undo": found.undone_at is None and request.at <= found.done_at + UNDO_WITHIN,
    }
    return render(request, "tam/queue_act.html", context)


def _back(request: Request) -> str:
    """Return the queue as it was narrowed, and never another address."""
    narrowing = Narrowing.from_query(QueryDict(request.POST.get("back", "").removeprefix("?")))
    return reverse("queue") + narrowing.query()


def _acts() -> list[Group]:
    people = staff().order_by("name").values_list("pk", "name")[:OFFERED]
    inboxes = teams().order_by("name").values_list("pk", "name")[:OFFERED]
    assign, hand = BulkAct.Kind.ASSIGN, BulkAct.Kind.HAND_TO_TEAM
    me = [(f"{assign}:{ME}", _("Me"))]
    to_people = [*me, *((f"{assign}:{pk}", name) for pk, name in people)]
    groups: list[Group] = [
        (_("Follow"), [("follow", _("Follow")), ("unfollow", _("Stop following"))]),
        (_("Assign to"), [*to_people, (f"{assign}:", _("Nobody: take off the desk"))]),
        (_("Hand to team"), [(f"{hand}:{pk}", name) for pk, name in inboxes]),
    ]
    return [(label, options) for label, options in groups if options]


def _undoable(request: Request) -> BulkAct | None:
    """Return the last act that can still be undone, with how many incidents it changed."""
    recent = BulkAct.objects.filter(
        actor=request.user, undone_at=None, done_at__gte=request.at - UNDO_WITHIN
    )
    counted = recent.annotate(changed=Count("items", filter=Q(items__refusal="")))
    return counted.filter(changed__gt=0).first()
