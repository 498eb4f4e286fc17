"""Saying that incidents of one customer belong together, and that they do not."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Refused
from accounts.models import User
from incidents.actions.case import Case
from incidents.models import Incident, Relation

# A person reads the list beside the incident; what has more in common is a problem (SPEC 13).
RELATIONS_MOST = 30


@transaction.atomic
def relate(*, incident: Incident, other: Incident, actor: User, at: datetime) -> Relation:
    """Relate two incidents of one customer; both journals tell. Done twice, it stands once.

    Locks both in the order of their keys.
    """
    _require_relatable(incident, other)
    cases = _open_both(incident, other, at)
    relation = Relation.objects.filter(incident=cases[0].incident, other=cases[1].incident).first()
    if relation is None:
        _require_room(incident)
        _require_room(other)
        relation = Relation.objects.create(
            customer_id=incident.customer_id,
            incident=cases[0].incident,
            other=cases[1].incident,
            related_at=at,
            related_by=actor,
        )
        for case, counterpart in _both_ways(cases):
            case.record("related", actor=actor, data={"other": counterpart})
    _finish(cases)
    return relation


@transaction.atomic
def unrelate(*, incident: Incident, other: Incident, actor: User, at: datetime) -> None:
    """End a relation; both journals tell. Where there is none, nothing happens."""
    cases = _open_both(incident, other, at)
    removed, _tables = Relation.objects.filter(
        incident=cases[0].incident, other=cases[1].incident
    ).delete()
    if removed:
        for case, counterpart in _both_ways(cases):
            case.record("unrelated", actor=actor, data={"other": counterpart})
    _finish(cases)


def _require_relatable(incident: Incident, other: Incident) -> None:
    if incident.pk == other.pk:
        raise Refused(_("This is the incident itself."), field="reference")
    if incident.customer_id != other.customer_id:
        raise Refused(_("Only incidents of one customer are related."), field="reference")


def _require_room(incident: Incident) -> None:
    if incident.relations.count() + incident.relations_of_others.count() >= RELATIONS_MOST:
        raise Conflict(
            _("%(reference)s has as many related incidents as there can be.")
            % {"reference": incident.reference}
        )


def _open_both(incident: Incident, other: Incident, at: datetime) -> list[Case]:
    return [Case.open(one, at=at) for one in sorted((incident, other), key=lambda each: each.pk)]


def _both_ways(cases: list[Case]) -> list[tuple[Case, int]]:
    """Return each of the two with the key of the other."""
    earlier, later = cases
    return [(earlier, later.incident.pk), (later, earlier.incident.pk)]


def _finish(cases: list[Case]) -> None:
    for case in cases:
        case.finish()
