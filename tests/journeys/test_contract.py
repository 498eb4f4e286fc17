"""The contract enforces itself: the ninth contact, the certificate's days."""

from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.actions import certificates
from accounts.actions.certificates import ContactLimitReached
from accounts.errors import NotAllowed, Refused
from accounts.models import Certificate, Contact, Role, User
from accounts.tenancy import staff_transaction
from tests.conftest import make_cast


def colleague(cast, number):
    return User.objects.create_user(
        f"person{number}@acme.example",
        name=f"Person {number}",
        role=Role.CONTACT,
        customer=cast.acme,
    )


@pytest.mark.django_db
def test_the_ninth_contact_is_told_the_limit_and_the_names(cast):
    for number in range(3, 9):
        certificates.name_contact(certificate=cast.certificate, user=colleague(cast, number))
    with pytest.raises(ContactLimitReached) as refusal:
        certificates.name_contact(certificate=cast.certificate, user=colleague(cast, 9))
    assert str(refusal.value) == (
        "This certificate names at most 8 contacts; the slots are taken by Alice, Bob, Person 3, "
        "Person 4, Person 5, Person 6, Person 7, Person 8."
    )


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [8, 9])
def test_the_database_itself_refuses_a_ninth_slot(cast, limit):
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.create(
            customer=cast.acme,
            certificate=cast.certificate,
            contact_limit=limit,
            slot=9,
            user=colleague(cast, 9),
        )


@pytest.mark.django_db
def test_nor_can_a_certificate_be_given_more_slots_than_its_programme(cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.filter(pk=cast.certificate.pk).update(contact_limit=9)


@pytest.mark.django_db(transaction=True)
def test_thirty_at_once_never_make_nine(django_db_blocker):
    with staff_transaction():
        cast = make_cast()
        people = [colleague(cast, number) for number in range(30)]
    barrier = Barrier(30)
    outcomes = []

    def try_it(user):
        barrier.wait()
        try:
            with staff_transaction():
                certificates.name_contact(certificate=cast.certificate, user=user)
            outcomes.append("named")
        except ContactLimitReached:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=try_it, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["named"] * 6 + ["refused"] * 24
    with staff_transaction():
        assert sorted(
            Contact.objects.filter(certificate=cast.certificate).values_list("slot", flat=True)
        ) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("at", "message"),
    [
        (datetime(2025, 12, 31, 22, 59, 59, tzinfo=UTC), "is not valid before Jan. 1, 2026"),
        (datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), "ended on Dec. 31, 2026"),
    ],
)
def test_outside_its_days_the_certificate_refuses_filing(cast, at, message):
    with pytest.raises(Refused, match=message):
        cast.file(at=at)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "at",
    [
        datetime(2025, 12, 31, 23, 0, 0, tzinfo=UTC),  # midnight in Paris
        datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC),
    ],
)
def test_on_its_first_and_last_second_it_takes_incidents(cast, at):
    assert cast.file(at=at).state == "received"


@pytest.mark.django_db
def test_nobody_files_on_a_certificate_that_does_not_name_them(cast):
    contact = cast.certificate.contacts.get(user=cast.bob)
    certificates.remove_contact(contact=contact)
    with pytest.raises(NotAllowed, match="does not name Bob"):
        cast.file(by=cast.bob)
