"""The saved views of the queue, how many stand in each, and how a person wants the rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import NotAllowed, NotFound
from accounts.models import Role, User
from incidents.models import Incident
from tam.models import QueuePreference, QueueView
from tam.queries.in_charge import Charge
from tam.queries.narrowing import Narrowing, Tab
from tam.queries.queue_filters import chosen, under

# Of all that a person is shown, theirs first: what fits beside the queue and is counted with it.
SHOWN: Final = 30

# What a row may show besides severity and title, in the order of the table.
COLUMNS: Final = MappingProxyType(
    {
        "state": gettext_lazy("State"),
        "clock": gettext_lazy("Deadline"),
        "owner": gettext_lazy("Owner"),
        "certificate": gettext_lazy("Certificate"),
        "category": gettext_lazy("Category"),
        "received": gettext_lazy("Received"),
        "updated": gettext_lazy("Last event"),
    }
)
USUAL_COLUMNS: Final = ("state", "clock", "owner", "updated")


@dataclass(frozen=True, slots=True)
class CountedView:
    """`count` is None where it would be that of closed incidents."""

    view: QueueView
    narrowing: Narrowing
    count: int | None


def views_shown_to(user: User) -> QuerySet[QueueView]:
    """Return a person's own views, then those that colleagues share with their office."""
    shared = Q(office=user.office_id) if user.office_id else Q(pk__in=[])
    own_first = Case(When(owner=user, then=Value(0)), default=Value(1))
    views = QueueView.objects.filter(Q(owner=user) | shared).select_related("owner")
    return views.order_by(own_first, "position", "id")


def get_view(user: User, pk: int) -> QueueView:
    """Return a view that is shown to a person; raises `NotFound`."""
    view = views_shown_to(user).filter(pk=pk).first()
    if view is None:
        raise NotFound(_("There is no such view."))
    return view


def may_change(user: User, view: QueueView) -> bool:
    """Whether a view is a person's to change: its owner's, and of a shared one the team head's."""
    if view.owner_id == user.pk:
        return True
    return view.office_id is not None and user.role == Role.TEAM_HEAD


def get_view_to_change(user: User, pk: int) -> QueueView:
    """Return a view for a person who means to change it; raises `NotFound` or `NotAllowed`."""
    view = get_view(user, pk)
    if not may_change(user, view):
        raise NotAllowed(_("You can use this view, but not change it."))
    return view


def counted_views(charge: Charge) -> list[CountedView]:
    """Return the views that a person is shown with what stands in each. Two queries at the most."""
    views = list(views_shown_to(charge.person)[:SHOWN])
    asked = [Narrowing.from_query(QueryDict(view.query)) for view in views]
    counts = _counts(asked, charge)
    return [CountedView(*each) for each in zip(views, asked, counts, strict=True)]


def preference_of(user: User) -> QueuePreference:
    """Return how a person wants the rows; who never said so has the usual ones."""
    kept = QueuePreference.objects.filter(person=user).first()
    return kept or QueuePreference(person=user, columns=list(USUAL_COLUMNS))


def known_columns(names: Iterable[str]) -> list[str]:
    """Return those that there are, in the order of the table."""
    named = set(names)
    return [column for column in COLUMNS if column in named]


def _counts(asked: Sequence[Narrowing], charge: Charge) -> list[int | None]:
    counted = {
        f"view_{number}": Count("pk", filter=under(each.tab, charge) & chosen(each, charge))
        for number, each in enumerate(asked)
        if each.tab is not Tab.CLOSED
    }
    if not counted:
        return [None] * len(asked)
    seen = Incident.objects.visible_to(charge.person, charge.at)
    found = seen.filter(under(Tab.ALL, charge)).aggregate(**counted)
    return [found.get(f"view_{number}") for number in range(len(asked))]
