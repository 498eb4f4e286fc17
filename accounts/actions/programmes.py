"""Programme editions: loaded from files, edited by administrators, kept as promised (SPEC 2)."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import DateField, DateTimeField, F, Func, QuerySet, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actions.certificates import reissue
from accounts.datafile import Problem, digest, edited_lines
from accounts.errors import Refused
from accounts.models import Certificate, CertificateVersion, Programme, ProgrammeSeverity, User
from accounts.programmes import ProgrammeError
from accounts.promises import losses
from accounts.terms import RULES, ProgrammeTerms, SeverityTerms
from msa.outbox.actions import publish

TAKE_OVER_BATCH = 100  # certificates in one transaction: a second of work, and few locks at once


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
    terms are no longer those last loaded (an administrator's edit is never overwritten), and where
    the file takes back what a running certificate promises. Publishes `programme.revised` when
    terms change. `actor` None: the command line. The caller's scope is the staff's.
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
    if problems := broken_promises(programme=programme, after=wanted):
        lines = [*map(str, problems), promised_to(running_certificates(programme, at).count())]
        raise ProgrammeError([f"{terms.key}.toml: {line}" for line in lines])
    _write(programme, values | stamp)
    _write_severities(programme, severities)
    _publish_revision(programme, actor, at)
    return Loaded.UPDATED


@transaction.atomic
def make_programme(*, programme: Programme, severities: Iterable[ProgrammeSeverity]) -> None:
    """Save a new edition with its promises at each severity; no certificate names it yet."""
    programme.save(force_insert=True)
    for row in severities:
        row.programme = programme
        row.save(force_insert=True)


@transaction.atomic
def revise_programme(
    *,
    programme: Programme,
    severities: Iterable[ProgrammeSeverity],
    actor: User | None,
    at: datetime,
) -> None:
    """Save an administrator's edit of an edition, with those of its severities that were edited.

    Locks the edition, so that no certificate is issued under terms that are being taken back.
    Raises `Refused` where a running certificate promises more; publishes `programme.revised` when
    terms change. The caller's scope is the staff's.
    """
    stored = Programme.objects.select_for_update().get(pk=programme.pk)
    present = stored.as_data()
    edited = {str(row.severity): row for row in severities}
    rows = {str(row.severity): row for row in stored.severities.all()} | edited
    after = programme.as_data([rows[number] for number in sorted(rows)])
    if problems := broken_promises(programme=stored, after=after):
        reasons = "; ".join(problem.message for problem in problems)
        raise Refused(f"{reasons}. {promised_to(running_certificates(stored, at).count())}")
    programme.save()
    for row in edited.values():
        row.save()
    if digest(after) != digest(present):
        _publish_revision(programme, actor, at)


def broken_promises(*, programme: Programme, after: Mapping[str, Any]) -> list[Problem]:
    """Return what other terms would take back of what the stored edition promises.

    Whatever a certificate was ever issued under stays as good as it is: one that is revoked, has
    ended or was moved to another edition may run under it again. The caller holds the edition's
    lock.
    """
    before = Programme.objects.get(pk=programme.pk).as_data()
    found = losses(before, after)
    if not found or not _was_issued(programme):
        return []
    return [Problem(loss.path, str(loss)) for loss in found]


def promised_to(certificates: int) -> str:
    """Return why running promises stand, and what to do instead."""
    if not certificates:
        return _(
            "Certificates were issued under it, and may run under it again. "
            "Make a new edition instead."
        )
    return ngettext(
        "%(count)d certificate that has not ended promises this. "
        "Make a new edition instead, and move certificates to it.",
        "%(count)d certificates that have not ended promise this. "
        "Make a new edition instead, and move certificates to it.",
        certificates,
    ) % {"count": certificates}


def running_certificates(programme: Programme, at: datetime) -> QuerySet[Certificate]:
    """Return the certificates of an edition that are not revoked and have not ended."""
    moment = Value(at, output_field=DateTimeField())
    zone = F("office__timezone")
    today = Cast(Func(zone, moment, function="timezone", output_field=DateTimeField()), DateField())
    return Certificate.objects.filter(
        programme=programme.pk, revoked_at=None, valid_until__gte=today
    )


@transaction.atomic
def take_terms_over(*, programme: Programme, after: int, actor: User | None, at: datetime) -> int:
    """Bring the next running certificates of an edition to its present terms; return how many.

    Takes those with a key above `after`, at most `TAKE_OVER_BATCH`, and publishes
    `programme.revised` for the rest. A version is issued where the print has changed: done again,
    it changes nothing. Locks the certificates.
    """
    rows = running_certificates(programme, at).filter(pk__gt=after).order_by("pk")
    certificates = list(
        rows.select_related("programme", "office", "customer", "tam", "deputy")
        .prefetch_related("programme__severities")
        .select_for_update(of=("self",), no_key=True)[:TAKE_OVER_BATCH]
    )
    reissue(certificates=certificates, actor=actor, at=at)
    if len(certificates) == TAKE_OVER_BATCH:
        _publish_revision(programme, actor, at, after=certificates[-1].pk)
    return len(certificates)


def _was_issued(programme: Programme) -> bool:
    named = Certificate.objects.filter(programme=programme.pk)
    printed = CertificateVersion.objects.filter(printed__programme=programme.key)
    return named.exists() or printed.exists()


def _publish_revision(
    programme: Programme, actor: User | None, at: datetime, *, after: int = 0
) -> None:
    publish(
        "programme.revised",
        {"programme": programme.pk, "actor": actor.pk if actor else None, "after": after},
        at=at,
        stream=f"programme-{programme.pk}",
    )


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
