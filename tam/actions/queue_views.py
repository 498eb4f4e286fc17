"""Keeping views of the queue, one's own and those shared with the office, and how its rows look."""

from collections.abc import Iterable
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import User
from tam.models import QueuePreference, QueueView
from tam.models.queue import QUERY_LENGTH
from tam.queries.queue_views import known_columns

# Of one person: as many as one finds again by name at a glance.
MOST_VIEWS: Final = 20


@transaction.atomic
def save_view(*, actor: User, name: str, query: str, shared: bool) -> QueueView:
    """Keep a narrowing under a name, behind the actor's others; shared, the office has it too."""
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)  # one name, one place at a time
    own = QueueView.objects.filter(owner=actor)
    if own.count() >= MOST_VIEWS:
        raise Refused(_("You have %(n)d views already; delete one first.") % {"n": MOST_VIEWS})
    if len(query) > QUERY_LENGTH:
        raise Refused(_("The search is too long to be kept."))
    _refuse_taken(actor, name)
    last = own.order_by("-position").values_list("position", flat=True).first()
    return QueueView.objects.create(
        owner=actor,
        office_id=_office(actor, shared=shared),
        name=name,
        query=query,
        position=0 if last is None else last + 1,
    )


@transaction.atomic
def change_view(*, view: QueueView, name: str, shared: bool) -> QueueView:
    """Rename a view, share it with its owner's office, or take it back."""
    owner = User.objects.select_for_update(no_key=True).get(pk=view.owner_id)
    _refuse_taken(owner, name, but=view)
    view.name, view.office_id = name, _office(owner, shared=shared)
    view.save(update_fields=["name", "office"])
    return view


@transaction.atomic
def move_view(*, view: QueueView, actor: User, up: bool) -> None:
    """Let a view change places with the actor's view before or behind it; at an end it stays."""
    own = list(QueueView.objects.select_for_update().filter(owner=actor))
    place = own.index(view)
    other = place - 1 if up else place + 1
    if 0 <= other < len(own):
        own[place], own[other] = own[other], own[place]
    for position, each in enumerate(own):
        each.position = position
    QueueView.objects.bulk_update(own, ["position"])


@transaction.atomic
def delete_view(*, view: QueueView) -> None:
    view.delete()


@transaction.atomic
def set_preference(
    *, actor: User, columns: Iterable[str], density: str, sound: bool
) -> QueuePreference:
    wanted = {"columns": known_columns(columns), "density": density, "sound": sound}
    preference, _new = QueuePreference.objects.update_or_create(person=actor, defaults=wanted)
    return preference


def _office(owner: User, *, shared: bool) -> int | None:
    if shared and owner.office_id is None:
        raise Refused(_("You belong to no office to share it with."), field="shared")
    return owner.office_id if shared else None


def _refuse_taken(owner: User, name: str, *, but: QueueView | None = None) -> None:
    same = QueueView.objects.filter(owner=owner, name=name).first()
    if same is not None and same != but:
        raise Refused(_("There is a view of this name already."), field="name")
