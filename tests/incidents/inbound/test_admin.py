"""Quarantine: administrators read, download and release; nobody else gets there."""

import pytest
from django.urls import reverse

from incidents.models import InboundMail, Incident
from msa import clock
from tests.conftest import MONDAY_NINE
from tests.incidents.inbound.corpus import mail

pytestmark = pytest.mark.django_db
LIST = "admin:incidents_inboundmail_changelist"


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield


def address(page, kept):
    return reverse(f"admin:incidents_inboundmail_{page}", args=[kept.pk])


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.ada)


def test_a_mail_is_shown_as_text_and_saved_as_it_came(admin, receive):
    raw = mail("<script>alert(1)</script>\n", results="")
    kept = receive(raw)
    page = admin.get(address("change", kept)).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    answer = admin.get(address("raw", kept))
    assert b"".join(answer.streaming_content) == raw
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="mail-{kept.pk}.eml"'
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_only_administrators_get_there(cast, receive, signed_in):
    kept = receive(mail(results=""))
    for person in (cast.alice, cast.erik, cast.tom, cast.dana, cast.hanna, cast.bruno):
        client = signed_in(person)
        for page in (reverse(LIST), address("change", kept), address("raw", kept)):
            assert client.get(page).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_asks_as_often_for_three_as_for_one(
    admin, receive, rows, django_assert_max_num_queries
):
    for number in range(rows):
        receive(mail(results="", message_id=f"<{number}@x>"))
    with django_assert_max_num_queries(14):
        assert admin.get(reverse(LIST)).status_code == 200


def release(admin, *mails):
    form = {"action": "release_mails", "_selected_action": [kept.pk for kept in mails]}
    answer = admin.post(reverse(LIST), form, follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_a_released_mail_is_taken_for_whom_it_names_once(admin, receive, cast):
    kept = receive(mail(results=""))
    assert release(admin, kept) == ["1 mail released."]
    kept.refresh_from_db()
    assert (kept.outcome, kept.person, kept.released_at) == ("filed", cast.alice, MONDAY_NINE)
    assert Incident.objects.get().author == cast.alice
    assert release(admin, kept) == [f"{kept}: This mail is not held back."]
    assert Incident.objects.count() == 1


def test_what_is_from_nobody_registered_cannot_be_released(admin, receive):
    kept = receive(mail(sender="eve@evil.example", results=""))
    assert release(admin, kept) == [
        f"{kept}: This mail cannot be released: is from nobody registered."
    ]
    unreadable = receive(b"\n\nnothing")
    assert release(admin, unreadable) == [f"{unreadable}: This mail cannot be read."]
    outcomes = list(InboundMail.objects.order_by("pk").values_list("outcome", "released_at"))
    assert outcomes == [("answered", None), ("quarantined", None)]
