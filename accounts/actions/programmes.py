"""Bringing programme editions from their files into the database (SPEC 2)."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.datafile import digest, edited_lines
from accounts.models import Programme, ProgrammeSeverity, User
from accounts.programmes import ProgrammeError
from accounts.terms import RULES, ProgrammeTerms, SeverityTerms


class Loaded(StrEnum):
    """What loading did to one edition or category."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@transaction.atomic
def load_programmes(
    *, editions: Sequence[ProgrammeTerms], actor: User | None, at: datetime
) -> list[Loaded]:
    """Load all editions or, with a `ProgrammeError` that names every obstacle, none of them."""
    lines = list(_unknown_sources(editions))
    outcomes = []
    for terms in sorted(editions, key=lambda terms: terms.key):
        try:
            outcomes.append(load_programme(terms=terms, actor=actor, at=at))
        except ProgrammeError as error:
            lines += error.lines
    if lines:
        raise ProgrammeError(lines)
    return outcomes


@transaction.atomic
def load_programme(*, terms: ProgrammeTerms, actor: User | None, at: datetime) -> Loaded:
    """Make the database say what the edition's file says.

    Locks the edition. Refuses with a `ProgrammeError`, one line for each difference, where its
    terms are no longer those last loaded: an administrator's edit is never overwritten.
    `actor` None: the command line.
    """
    values = _plain(_programme_values(terms))
    severities = _plain([_severity_values(*item) for item in sorted(terms.severities.items())])
    wanted = Programme(**values).as_data([ProgrammeSeverity(**row) for row in severities])
    stamp = {"loaded_digest": digest(wanted), "loaded_at": at, "loaded_by": actor}

    programme, created = Programme.objects.select_for_update().get_or_create(
        key=terms.key, defaults=values | stamp
    )
    present = programme.as_data()
    if created:
        _write_severities(programme, severities)
        return Loaded.NEW
    if digest(present) == digest(wanted):
        if programme.loaded_digest != stamp["loaded_digest"]:
            _write(programme, stamp)
        return Loaded.UNCHANGED
    if programme.loaded_digest != digest(present):
        raise ProgrammeError(edited_lines(terms.key, wanted, present))
    _write(programme, values | stamp)
    _write_severities(programme, severities)
    return Loaded.UPDATED


def _unknown_sources(editions: Sequence[ProgrammeTerms]) -> Iterator[str]:
    known = {RULES, *(terms.key for terms in editions)}
    known |= set(Programme.objects.values_list("key", flat=True))
    for terms in editions:
        for path, source in terms.provenance.items():
            edition = source.get("assumed_from", RULES)
            if edition not in known or edition == terms.key:
                message = _('expected "rules" or the key of another edition, found "%(found)s"')
                yield f"{terms.key}.toml: provenance.{path}: {message % {'found': edition}}"


def _programme_values(terms: ProgrammeTerms) -> dict[str, Any]:
    return {
        "key": terms.key,
        "region": terms.region,
        "year": terms.year,
        "document": terms.document,
        "names": terms.names,
        "summaries": terms.summaries,
        "contact_limit": terms.contact_limit,
        "incidents_per_year": terms.incidents_per_year,
        "customer_side_months": terms.customer_side_months,
        "warning_percentages": terms.warning_percentages,
        "escalation_levels": terms.escalation_levels,
        "requirements": terms.requirements,
        "tam_hours": terms.tam_hours,
        "services": asdict(terms.services),
        "provenance": terms.provenance,
    }


def _severity_values(severity: int, terms: SeverityTerms) -> dict[str, Any]:
    response: dict[str, Any] = {"response_minutes": None}
    if terms.response is not None:
        response = {
            "response_minutes": terms.response.minutes,
            "response_unit": terms.response.unit,
        }
    return response | {
        "severity": severity,
        "call_required_out_of_hours": terms.call_required_out_of_hours,
        "phone_line": terms.phone_line,
        "status_reports": terms.status_reports,
        "further_targets": {kind: asdict(target) for kind, target in terms.further_targets.items()},
        "meaning_product": terms.meaning_product,
        "meaning_malware": terms.meaning_malware,
    }


def _plain(values: Any) -> Any:
    """Return values as JSON gives them back, so that they compare equal to stored ones."""
    return json.loads(json.dumps(values))


def _write(programme: Programme, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(programme, name, value)
    programme.save(update_fields=list(values))


def _write_severities(programme: Programme, rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        defaults = {name: value for name, value in row.items() if name != "severity"}
        programme.severities.update_or_create(severity=row["severity"], defaults=defaults)
