"""`manage.py explain INC-…`: how an incident's clocks are reckoned, line by line (SPEC 7.11)."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Certificate
from accounts.tenancy import staff_transaction
from incidents.explaining.plain import as_text
from incidents.explaining.records import explain_filing, explain_incident
from incidents.explaining.statements import statement_of, statements_of
from incidents.models import Incident
from incidents.states import SEVERITY_LABELS
from msa import clock


class Command(BaseCommand):
    help = (
        "Explains the clocks of an incident, or what an incident filed under a certificate would "
        "be promised: what counts, what does not, and why, with the running sum."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference", nargs="?", metavar="INC-…")
        parser.add_argument("--certificate", metavar="NUMBER", help="what filing now would promise")
        parser.add_argument(
            "--at", metavar="INSTANT", help="filed then, such as 2026-05-07T18:30+02:00"
        )
        parser.add_argument(
            "--language", choices=[code for code, _name in settings.LANGUAGES], default="en"
        )
        parser.add_argument("--zone", help="a reader's time zone, beside the office's")

    def handle(
        self,
        *,
        reference: str | None,
        certificate: str | None,
        at: str | None,
        language: str,
        zone: str | None,
        **_options: Any,
    ) -> None:
        if bool(reference) == bool(certificate):
            raise CommandError("Name either an incident or --certificate NUMBER.")
        if at and not certificate:
            raise CommandError("--at goes with --certificate.")
        instant = _instant(at) if at else clock.now()
        _check_zone(zone)
        with override(language), staff_transaction():
            for line in (
                _of_certificate(certificate, instant, zone)
                if certificate
                else _of_incident(reference or "", instant, zone)
            ):
                self.stdout.write(line)


def _of_incident(reference: str, at: datetime, zone: str | None) -> Iterator[str]:
    found = Incident.objects.select_related("certificate__office")
    incident = found.filter(reference=reference).first()
    if incident is None:
        raise CommandError(f"There is no incident {reference}.")
    office = incident.certificate.office
    yield f"{incident.reference} · {incident.title}"
    yield _times(office.timezone, zone)
    statements = statements_of(
        explain_incident(incident, at), office.timezone, zone or office.timezone
    )
    if not statements:
        yield ""
        yield _("No time for an answer is promised at this severity.")
    for statement in statements:
        yield ""
        yield from as_text(statement)


def _of_certificate(number: str, at: datetime, zone: str | None) -> Iterator[str]:
    found = Certificate.objects.select_related("office", "programme")
    certificate = found.filter(number=number).first()
    if certificate is None:
        raise CommandError(f"There is no certificate {number}.")
    timezone = certificate.office.timezone
    yield f"{certificate.number} · {certificate.programme.name}"
    yield _times(timezone, zone)
    promised = explain_filing(certificate, at)
    for severity, label in SEVERITY_LABELS.items():
        yield ""
        yield f"{severity} {label}"
        for explanation in promised.get(severity, []):
            yield from as_text(statement_of(explanation, timezone, zone or timezone))
        if severity not in promised:
            yield _("No time for an answer is promised at this severity.")


def _times(timezone: str, zone: str | None) -> str:
    if zone and zone != timezone:
        return _("Times are those of %(office)s, then those of %(reader)s where they differ.") % {
            "office": timezone,
            "reader": zone,
        }
    return _("Times are those of %(office)s.") % {"office": timezone}


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError as error:
        raise CommandError(f"--at is not an instant: {text}") from error
    if instant.tzinfo is None:
        raise CommandError(f"--at has no offset from UTC: {text}")
    return instant.astimezone(UTC)


def _check_zone(zone: str | None) -> None:
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CommandError(f"--zone is no time zone: {zone}") from error
