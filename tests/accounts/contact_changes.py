"""What the tests of contacts have in common: asking, approving, and further people of Acme."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.actions.certificates import issue_certificate, name_contact
from accounts.actions.contacts import Details, approve_request, request_change
from accounts.errors import Refused
from accounts.models import Certificate, CertificateVersion, ContactRequest, Role, User
from tests.conftest import MONDAY_NINE, Cast

CLEO = Details("Cleo Marsh", "Cleo@Acme.example ", "+33 1 99 00 55 55", "+33 6 99 00 55 55", "nl")
LATER = MONDAY_NINE + timedelta(hours=1)


def ask(
    cast: Cast,
    kind: str = "add",
    person: User | None = None,
    details: Details = CLEO,
    *,
    by: User | None = None,
    **changes: Any,
) -> ContactRequest:
    return request_change(
        **{
            "certificate": cast.certificate,
            "kind": kind,
            "person": person,
            "details": details,
            "submission": uuid4(),
            "actor": by or cast.alice,
            "at": MONDAY_NINE,
            **changes,
        }
    )


def approve(cast: Cast, request: ContactRequest, at: datetime = LATER) -> CertificateVersion | None:
    return approve_request(request=request, actor=cast.ada, at=at)


def names(certificate: Certificate) -> list[str]:
    return list(certificate.contacts.order_by("slot").values_list("user__name", flat=True))


def colleague(cast: Cast, number: int, **fields: Any) -> User:
    return User.objects.create_user(
        f"person{number}@acme.example",
        "a quiet harbour",
        name=f"Person {number}",
        role=Role.CONTACT,
        customer=cast.acme,
        **fields,
    )


def fill(cast: Cast) -> None:
    """Name people until all eight slots are taken."""
    for number in range(3, 9):
        name_contact(certificate=cast.certificate, user=colleague(cast, number))


def details_of(person: User, **changes: str) -> Details:
    kept = {
        field: getattr(person, field) for field in ("name", "email", "phone", "mobile", "language")
    }
    return Details(**{**kept, **changes})


def refusal(call: Any, *arguments: Any, **named: Any) -> tuple[str, str]:
    """Return what a call is refused with, and the field that it belongs to."""
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    return str(caught.value), caught.value.field


def certificate_of_bob(cast: Cast) -> Certificate:
    """A second certificate of Acme's, MSA-3, that names Bob alone."""
    return issue_certificate(
        certificate=Certificate(
            number="MSA-3",
            customer=cast.acme,
            programme=cast.certificate.programme,
            office=cast.office,
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
            tam=cast.tom,
        ),
        products=[cast.product],
        contacts=[cast.bob],
        actor=None,
        at=MONDAY_NINE,
    )
