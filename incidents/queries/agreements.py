"""What an agreement allows now: validity, quota, and what follows from both."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from accounts import worktime
from accounts.endings import days_left, warning_due
from accounts.models import Certificate
from incidents.entitlements import (
    Entitlement,
    Quota,
    Standing,
    Terms,
    Validity,
    entitlements,
    filing_refusal,
)
from incidents.models import Incident
from incidents.offers import Offer
from incidents.states import Closure


def validity_of(certificate: Certificate, at: datetime) -> Validity:
    return Validity(
        number=certificate.number,
        first_day=certificate.valid_from,
        last_day=certificate.valid_until,
        is_revoked=certificate.revoked_at is not None,
        today=certificate.local_date(at),
    )


def filing_refusals(
    certificates: Sequence[Certificate], left: Mapping[int, int], at: datetime
) -> dict[int, str]:
    """Return why nothing can be filed now, by key of the certificates where nothing can (SPEC 3).

    `left` is what `filings_left` answers. No query.
    """
    reasons = {
        certificate.pk: filing_refusal(validity_of(certificate, at), left.get(certificate.pk))
        for certificate in certificates
    }
    return {key: reason for key, reason in reasons.items() if reason}


def entitlements_of(
    certificate: Certificate, quota: Quota, at: datetime
) -> dict[Offer, Entitlement]:
    """Return what the certificate offers at an instant; asks for the programme's severities."""
    programme = certificate.programme
    severities = programme.severities.all()
    terms = Terms(
        services=programme.services,
        phone_line={row.severity: row.phone_line for row in severities},
        status_reports={row.severity: row.status_reports for row in severities},
        escalation_levels=programme.escalation_levels,
    )
    return entitlements(terms, validity_of(certificate, at), quota)


def quota_of(certificate: Certificate, at: datetime) -> Quota:
    """Return the incidents of the present contract year and their limit. One query."""
    since, until = contract_year(certificate, at)
    used = _counted(Q(certificate=certificate, received_at__gte=since)).count()
    last_day = certificate.local_date(until) - timedelta(days=1)
    return Quota(
        limit=certificate.programme.incidents_per_year,
        used=used,
        first_day=certificate.local_date(since),
        last_day=min(last_day, certificate.valid_until),
    )


def days_until_end(certificates: Sequence[Certificate], at: datetime) -> dict[int, int]:
    """Return the days that are left, by key of the certificates whose end one is warned of.

    Those are in force and have not been renewed (SPEC 3). One query at the most.
    """
    ending = {
        certificate.pk: days_left(certificate.valid_until, certificate.local_date(at))
        for certificate in certificates
        if validity_of(certificate, at).standing is Standing.IN_FORCE
    }
    ending = {key: days for key, days in ending.items() if warning_due(days) is not None}
    if not ending:
        return {}
    renewed = set(Certificate.objects.filter(renews__in=ending).values_list("renews", flat=True))
    return {key: days for key, days in ending.items() if key not in renewed}


def filings_left(certificates: Sequence[Certificate], at: datetime) -> dict[int, int]:
    """Return what is left of the contract year's quota, by key of the certificates that have one.

    Duplicates do not count (SPEC 3). One query at the most.
    """
    limited = {
        certificate.pk: certificate.programme.incidents_per_year
        for certificate in certificates
        if certificate.programme.incidents_per_year is not None
    }
    if not limited:
        return {}
    this_year = reduce(
        or_,
        (
            Q(certificate=certificate, received_at__gte=contract_year_start(certificate, at))
            for certificate in certificates
            if certificate.pk in limited
        ),
    )
    by_certificate = _counted(this_year).order_by().values_list("certificate")
    used = dict(by_certificate.annotate(Count("pk")))
    return {key: max(0, limit - used.get(key, 0)) for key, limit in limited.items()}


def contract_year_start(certificate: Certificate, at: datetime) -> datetime:
    """Return the anniversary of the first day that began the contract year of an instant."""
    return contract_year(certificate, at)[0]


def contract_year(certificate: Certificate, at: datetime) -> tuple[datetime, datetime]:
    """Return when the contract year of an instant began and when the next one begins.

    Before the first day it is the first year.
    """
    years = max(0, certificate.local_date(at).year - certificate.valid_from.year)
    if years and _anniversary(certificate, years) > at:
        years -= 1
    return _anniversary(certificate, years), _anniversary(certificate, years + 1)


def _anniversary(certificate: Certificate, years: int) -> datetime:
    zone = certificate.office.timezone
    first = datetime.combine(certificate.valid_from, time(), ZoneInfo(zone)).astimezone(UTC)
    return worktime.month_after(first, zone, months=12 * years)


def _counted(which: Q) -> QuerySet[Incident]:
    """Return those incidents of `which` that use the quota up."""
    return Incident.objects.filter(which).exclude(closure=Closure.DUPLICATE)
