"""The form that narrows the queue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from incidents.categories import Kind
from incidents.states import SEVERITY_LABELS, Side
from tam.queries.narrowing import ME, NOBODY, OPEN_STATES, Narrowing
from tam.queries.queue_choices import KEPT
from tam.views.queue_list import DUE_LABELS


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter; its options are (value, label, whether it is chosen); several may be."""

    name: str
    label: str
    options: Sequence[tuple[str, str, bool]]
    several: bool = False


def choices(narrowing: Narrowing, user: User, at: datetime) -> list[Choice]:
    """Return every filter with what a person may choose. One query for each kind of row."""
    kept = {name: rows.labels(user, at) for name, rows in KEPT.items()}
    owners = {ME: _("Me"), NOBODY: _("Nobody"), **kept["owner"]}
    return [
        _choice(narrowing, "severity", _("Severity"), SEVERITY_LABELS, several=True),
        _choice(narrowing, "side", _("Side"), dict(Side.choices)),
        _choice(narrowing, "state", _("State"), {each: each.label for each in OPEN_STATES}),
        _choice(narrowing, "due", _("Deadline"), DUE_LABELS),
        _choice(narrowing, "owner", _("Owner"), owners),
        _choice(narrowing, "team", _("Team"), kept["team"]),
        _choice(narrowing, "customer", _("Customer"), kept["customer"]),
        _choice(narrowing, "certificate", _("Certificate"), kept["certificate"]),
        _choice(narrowing, "product", _("Product"), kept["product"]),
        _choice(narrowing, "kind", _("Kind"), dict(Kind.choices)),
        _choice(narrowing, "escalated", _("Escalation"), {"1": _("Escalated")}),
    ]


def _choice(
    narrowing: Narrowing,
    name: str,
    label: str,
    options: Mapping[Any, Any],
    *,
    several: bool = False,
) -> Choice:
    return Choice(name, label, list(_options(narrowing, name, options)), several)


def _options(
    narrowing: Narrowing, name: str, options: Mapping[Any, Any]
) -> Iterable[tuple[str, str, bool]]:
    for value, word in options.items():
        yield str(value), str(word), (name, str(value)) in narrowing.filters
