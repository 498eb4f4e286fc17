"""A change of contacts from the request to the first sign-in, and what who leaves loses."""

import re
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection

from accounts.actions.contacts import Details, approve_request, request_change
from accounts.errors import Refused
from accounts.models import Contact, ContactRequest, User
from accounts.tenancy import staff_transaction
from msa import clock
from msa.outbox.models import Email
from tests.accounts.contact_changes import certificate_of_bob
from tests.conftest import MONDAY_NINE, PASSWORD, StaffSightClient, make_cast

PAGE = "/certificates/MSA-1/contacts/"


@pytest.fixture(autouse=True)
def monday_nine():
    cache.clear()
    with clock.at(MONDAY_NINE):
        yield


def link_in(email):
    found = re.search(r"http://testserver(/(?:invitation|password)/\S+)", email.text)
    assert found is not None
    return found.group(1)


def approve(admin, request):
    return admin.post(f"/admin/accounts/contactrequest/{request.pk}/approve/")


@pytest.mark.django_db
def test_from_the_request_to_the_first_sign_in(cast, signed_in, client, until):
    answer = signed_in(cast.alice).post(
        f"{PAGE}?change=replace&person={cast.bob.pk}",
        {"name": "Cleo", "email": "cleo@acme.example", "language": "en"},
    )
    assert answer["Location"] == PAGE
    bob = signed_in(cast.bob)
    assert bob.get("/").status_code == 200

    assert approve(signed_in(cast.ada), ContactRequest.objects.get()).status_code == 302
    until(MONDAY_NINE)

    assert bob.get("/")["Location"] == "/sign-in/"
    link = link_in(Email.objects.get(to_address="cleo@acme.example"))
    page = client.get(link, follow=True)
    chosen = {"new_password1": "a quiet harbour", "new_password2": "a quiet harbour"}
    assert client.post(page.redirect_chain[-1][0], chosen)["Location"] == "/"
    assert client.get(PAGE).status_code == 200

    again = StaffSightClient()
    entered = {"username": "cleo@acme.example", "password": "a quiet harbour"}
    assert again.post("/sign-in/", entered)["Location"] == "/"
    assert again.get(link).status_code == 410


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/"),
        ("get", "/incidents/new/"),
        ("post", "/incidents/new/"),
        ("get", PAGE),
        ("post", f"{PAGE}?change=add"),
        ("get", "/password/forgotten/"),
        ("post", "/language/"),
    ],
)
def test_the_open_session_of_who_is_removed_ends_at_the_next_request(cast, signed_in, method, path):
    bob = signed_in(cast.bob)
    incident = cast.file()
    assert bob.get(incident.get_absolute_url()).status_code == 200
    remove(cast)

    answer = getattr(bob, method)(path)

    assert (answer.status_code, answer.url) == (302, "/sign-in/")
    assert bob.get(incident.get_absolute_url()).url == (
        f"/sign-in/?next={incident.get_absolute_url()}"
    )
    refused = bob.post("/sign-in/", {"username": "bob@acme.example", "password": PASSWORD})
    assert refused.status_code == 200
    assert "No certificate names you as a contact" in refused.content.decode()


def remove(cast):
    request = request_change(
        certificate=cast.certificate,
        kind="remove",
        person=cast.bob,
        details=Details(),
        submission=uuid4(),
        actor=cast.alice,
        at=MONDAY_NINE,
    )
    approve_request(request=request, actor=cast.ada, at=MONDAY_NINE)


@pytest.mark.django_db
def test_who_is_removed_from_one_certificate_keeps_the_other(cast, signed_in):
    certificate_of_bob(cast)
    bob, incident = signed_in(cast.bob), cast.file()
    seen = [PAGE, "/certificates/MSA-3/contacts/", "/certificates/MSA-1/promises/"]
    assert [bob.get(path).status_code for path in seen] == [200, 200, 200]
    remove(cast)
    assert [bob.get(path).status_code for path in seen] == [404, 200, 404]
    home = bob.get("/").content.decode()
    assert ("MSA-1" in home, "MSA-3" in home) == (False, True)
    answer = bob.post(f"{incident.get_absolute_url()}messages/", {"text": "Still there?"})
    assert answer.status_code == 403


@pytest.mark.django_db
def test_the_letter_of_who_is_removed_is_void(cast, client, until):
    client.post("/password/forgotten/", {"email": "bob@acme.example"})
    until(MONDAY_NINE)
    link = link_in(Email.objects.get(to_address="bob@acme.example"))
    remove(cast)
    page = client.get(link)
    assert page.status_code == 410
    assert "No certificate names you as a contact any more" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_administrators_and_one_free_slot(django_db_blocker):
    """Eight requests for six free slots, approved at once: six are named, never more."""
    with staff_transaction():
        cast = make_cast()
        requests = [_asked(cast, number) for number in range(6)]
        # Two that slipped in before each other's request could be seen.
        requests += [_copied(requests[0], number) for number in (6, 7)]
    barrier, outcomes = Barrier(8), []

    def decide(request):
        barrier.wait()
        try:
            with staff_transaction():
                approve_request(request=request, actor=cast.ada, at=MONDAY_NINE)
            outcomes.append("approved")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=decide, args=[request]) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["approved"] * 6 + ["refused"] * 2
    with staff_transaction():
        assert Contact.objects.filter(certificate=cast.certificate).count() == 8
        assert User.objects.filter(email__endswith="new@acme.example").count() == 6
        numbers = cast.certificate.versions.order_by("number").values_list("number", flat=True)
        assert list(numbers) == [1, 2, 3, 4, 5, 6, 7]
        assert ContactRequest.objects.filter(state="waiting").count() == 2


def _asked(cast, number):
    return request_change(
        certificate=cast.certificate,
        kind="add",
        details=Details(f"New {number}", f"{number}new@acme.example", language="en"),
        submission=uuid4(),
        actor=cast.alice,
        at=MONDAY_NINE,
    )


def _copied(request, number):
    copy = ContactRequest(
        **{
            field: getattr(request, field)
            for field in (
                "customer",
                "certificate",
                "kind",
                "language",
                "requested_by",
                "requested_at",
            )
        },
        name=f"New {number}",
        email=f"{number}new@acme.example",
        submission=uuid4(),
    )
    copy.save(force_insert=True)
    return copy


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_thirty_times_at_once_is_one_request(django_db_blocker):
    with staff_transaction():
        cast = make_cast()
    submission, barrier, found = uuid4(), Barrier(30), []

    def send():
        barrier.wait()
        try:
            with staff_transaction():
                request = request_change(
                    certificate=cast.certificate,
                    kind="add",
                    details=Details("Cleo", "cleo@acme.example", language="en"),
                    submission=submission,
                    actor=cast.alice,
                    at=MONDAY_NINE,
                )
            found.append(request.pk)
        finally:
            connection.close()

    threads = [Thread(target=send) for _number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found))) == (30, 1)
    with staff_transaction():
        assert ContactRequest.objects.count() == 1
