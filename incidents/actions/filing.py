"""Filing an incident (SPEC 3, 5, 7.1 to 7.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.errors import NotAllowed, Refused
from accounts.models import (
    Certificate,
    Contact,
    Office,
    Product,
    Programme,
    ProgrammeSeverity,
    User,
)
from incidents import rules
from incidents.access import certificates_for_filing
from incidents.actions.attachments import Files, attach
from incidents.actions.case import Case
from incidents.models import (
    Category,
    ClockKind,
    Follower,
    Incident,
    MessageKind,
    QueueTier,
    ReferenceCounter,
    rows,
)
from incidents.queries import filing_refusals, filings_left
from incidents.rules import RunningClock, Target
from incidents.states import Channel, Side

LOGGED_WITHIN: Final = timedelta(hours=24)  # as for a call (SPEC 7.9)

_CERTIFICATE: Final = "select * from accounts_certificate where id = %s for share"
_CERTIFICATE_ALONE: Final = "select * from accounts_certificate where id = %s for no key update"
_OFFICE: Final = (
    "select * from accounts_office where id ="
    " (select office_id from accounts_certificate where id = %s) for share"
)
_PROGRAMME: Final = (
    "select * from accounts_programme where id ="
    " (select programme_id from accounts_certificate where id = %s)"
)
_SEVERITIES: Final = (
    "select * from accounts_programmeseverity where programme_id ="
    " (select programme_id from accounts_certificate where id = %s) order by severity"
)
_CONTACTS: Final = "select * from accounts_contact where certificate_id = %s"


@dataclass(frozen=True, slots=True)
class PromisePreview:
    """What filing now would promise: shown before the contact submits (SPEC 5)."""

    severity: int
    clock: RunningClock | None
    phone_line: str

    @property
    def call_required(self) -> bool:
        return self.clock is not None and self.clock.waits_for_call


def preview_promise(
    *, certificate: Certificate, category: Category, at: datetime, channel: Channel = Channel.PORTAL
) -> PromisePreview:
    """Return what an incident filed at `at` would be promised. Changes nothing."""
    severity, targets = category.severity, certificate.programme.targets()
    target = Target.of(targets, ClockKind.RESPONSE, severity)
    clock = None
    if target:
        clock = rules.start(
            received_at=at,
            by_phone=channel == Channel.PHONE,
            target=target,
            percentages=targets["warning_percentages"],
            calendar=certificate.hours,
        )
    return PromisePreview(severity, clock, targets["phone_line"][str(severity)])


@transaction.atomic
def file_incident(
    *,
    certificate: Certificate,
    category: Category,
    author: User,
    actor: User,
    title: str,
    text: str,
    at: datetime,
    channel: Channel = Channel.PORTAL,
    product: Product | None = None,
    product_version: str = "",
    files: Files = (),
    reference: str = "",
    logged_at: datetime | None = None,
) -> Incident:
    """File an incident for `author`, a contact of the certificate; `actor` may be staff.

    What staff enter was received at `at`, up to `LOGGED_WITHIN` before it is logged: every promise
    counts from then. It gets the next reference of the year in the office's zone, unless one is
    given. Where a quota limits filing, the certificate is locked, so that the last one is taken
    once. Raises `Refused` outside the certificate's validity, for a product it does not cover, or
    with the quota used up, and `NotAllowed` for an author whom the certificate does not name.
    """
    logged_at = logged_at or at
    agreement = _as_it_stands(certificate)
    certificate = agreement.certificate
    _check_persons(agreement, author, actor, channel, logged_at)
    _check_reception(at, logged_at)
    _check_certificate(certificate, product, at)
    incident = Incident(
        reference=reference or _next_reference(certificate.local_date(at).year),
        customer_id=certificate.customer_id,
        certificate=certificate,
        author=author,
        category=category,
        product=product,
        product_version=product_version,
        title=title,
        language=author.language,
        channel=channel,
        severity=category.severity,
        targets=certificate.programme.targets(agreement.severities),
        received_at=at,
        customer_wrote_at=at,
        changed_at=at,
        queue_tier=QueueTier.RUNNING,
        queue_at=at,
    )
    rows.insert([incident])
    case = Case.new(incident, at, recorded_at=logged_at)
    case.writes.insert([Follower(customer_id=incident.customer_id, incident=incident, user=author)])
    case.start_side(Side.VENDOR, at)
    message = case.write(author, MessageKind.REPORT, text, channel=channel)
    attach(message, files)
    case.record(
        "filed",
        actor=actor,
        message=message,
        data={"channel": channel, "severity": incident.severity, "category": category.key},
    )
    case.clocks.filed(by_phone=channel == Channel.PHONE)
    return case.finish()


@dataclass(frozen=True, slots=True)
class _Agreement:
    """A certificate as stored, with whom it names and what its programme promises."""

    certificate: Certificate
    severities: Sequence[ProgrammeSeverity]
    contacts: Sequence[Contact]


def _as_it_stands(certificate: Certificate) -> _Agreement:
    """Return the agreement as stored, held against change until the incident is there.

    Else a calendar revised at this very moment would miss the new clock. Where a quota limits
    filing, filers wait for each other.
    """
    limited = certificate.programme.incidents_per_year is not None
    questions = [
        (Certificate, _CERTIFICATE_ALONE if limited else _CERTIFICATE),
        (Office, _OFFICE),
        (Programme, _PROGRAMME),
        (ProgrammeSeverity, _SEVERITIES),
        (Contact, _CONTACTS),
    ]
    (held,), (office,), (programme,), severities, contacts = rows.read_together(
        questions, [certificate.pk]
    )
    held.office, held.programme = office, programme
    return _Agreement(held, severities, contacts)


def _check_persons(
    agreement: _Agreement, author: User, actor: User, channel: Channel, at: datetime
) -> None:
    certificate = agreement.certificate
    if author.pk not in {contact.user_id for contact in agreement.contacts}:
        raise NotAllowed(
            _("Certificate %(number)s does not name %(name)s as a contact.")
            % {"number": certificate.number, "name": author.name}
        )
    if actor == author:
        return
    if certificate not in certificates_for_filing(actor, at):
        raise NotAllowed(_("You may not file for somebody else."))
    if channel not in {Channel.PHONE, Channel.EMAIL}:
        raise Refused(_("For a contact, staff file what came by phone or e-mail."), field="channel")


def _check_reception(at: datetime, logged_at: datetime) -> None:
    if not timedelta(0) <= logged_at - at <= LOGGED_WITHIN:
        raise Refused(
            _("What reached you is filed within 24 hours of its time."), field="received_at"
        )


def _check_certificate(certificate: Certificate, product: Product | None, at: datetime) -> None:
    left = filings_left([certificate], at)
    if reason := filing_refusals([certificate], left, at).get(certificate.pk):
        raise Refused(reason)
    if product and not certificate.covered.filter(product=product).exists():
        raise Refused(
            _("Certificate %(number)s does not cover %(product)s.")
            % {"number": certificate.number, "product": product.name},
            field="product",
        )


def _next_reference(year: int) -> str:
    """Return the next reference of a year; the counter's row is held until the end."""
    table = ReferenceCounter._meta.db_table  # noqa: SLF001 (Django's documented API)
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {table} (year, last) values (%s, 1)"  # noqa: S608 (a table's own name)
            f" on conflict (year) do update set last = {table}.last + 1 returning last",
            [year],
        )
        (number,) = cursor.fetchone()
    return f"INC-{year}-{number:06d}"
