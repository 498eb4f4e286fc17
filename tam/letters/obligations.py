"""Reminders of what is owed to a customer, and the letter when it is overdue (SPEC 19.8)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _

from accounts.letters import Letter, Row, send
from accounts.models import Certificate, NoticeKind, Obligation, User
from accounts.worktime import local_date
from msa.outbox.relay import Handler
from tam.responsible import team_heads

DUE_SOON: Final = "due-soon"
OVERDUE: Final = "overdue"


def on_due_soon(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Remind TAM and deputy. Of a renewal the warning of the end, sent that day, reminds them."""
    obligation = _obligation(payload)
    if obligation.is_open and obligation.kind != Obligation.Kind.RENEWAL:
        _tell(obligation, _in_charge(obligation), DUE_SOON, at)


def on_overdue(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell TAM, deputy and the team's heads that something was not delivered in time."""
    obligation = _obligation(payload)
    if not obligation.is_open:
        return
    offices = {certificate.office for certificate in _certificates(obligation)}
    heads = [head for office in offices for head in team_heads(office)]
    _tell(obligation, [*_in_charge(obligation), *heads], OVERDUE, at)


LETTERS: Mapping[str, Sequence[Handler]] = {
    "obligation.due_soon": [on_due_soon],
    "obligation.overdue": [on_overdue],
}


def _obligation(payload: Mapping[str, Any]) -> Obligation:
    related = Obligation.objects.select_related(
        "customer", "certificate__office", "certificate__tam", "certificate__deputy"
    )
    return related.get(pk=payload["obligation"])


def _certificates(obligation: Obligation) -> list[Certificate]:
    """Return the certificate that it is owed under, else those of the customer not revoked."""
    if obligation.certificate is not None:
        return [obligation.certificate]
    standing = obligation.customer.certificates.filter(revoked_at=None)
    return list(standing.select_related("office", "tam", "deputy").order_by("number"))


def _in_charge(obligation: Obligation) -> list[User]:
    return [
        person
        for certificate in _certificates(obligation)
        for person in (certificate.tam, certificate.deputy)
        if person is not None
    ]


def _tell(obligation: Obligation, people: Iterable[User], event: str, at: datetime) -> None:
    send(
        lambda _reader: _letter(obligation, event),
        [person for person in people if person.is_active],
        key=f"obligation-{obligation.pk}-{event}",
        thread=f"obligation-{obligation.pk}",
        kind=NoticeKind.DUTY,
        at=at,
    )


def _letter(obligation: Obligation, event: str) -> Letter:
    overdue = event == OVERDUE
    customer = obligation.customer
    return Letter(
        reference=customer.name,
        heading=_("Overdue: %(what)s") % {"what": obligation}
        if overdue
        else _("Due soon: %(what)s") % {"what": obligation},
        paragraphs=[
            _("It was not delivered in time. The head of the team is told the same.")
            if overdue
            else _("It is owed to the customer, and not delivered yet."),
            _("Once it is delivered, or not owed any more, say so in the register."),
        ],
        rows=[
            Row(_("Customer"), [customer.name]),
            *_certificate_row(obligation),
            Row(_("Due on"), _due_lines(obligation)),
        ],
        button=_("See the register"),
        path=reverse("customer", args=[customer.pk]) + "#obligations",
        why=_("You get this mail because it concerns what is owed to %(customer)s.")
        % {"customer": customer.name},
    )


def _certificate_row(obligation: Obligation) -> list[Row]:
    certificate = obligation.certificate
    return [Row(_("Certificate"), [certificate.number])] if certificate else []


def _due_lines(obligation: Obligation) -> list[str]:
    """Write the due day as the office's wall calendar has it, else as the reader's."""
    certificate = obligation.certificate
    zone = certificate.office.timezone if certificate else get_current_timezone_name()
    return [date_format(local_date(obligation.due_at, zone), "DATE_FORMAT"), zone]
