"""A message to a closed incident is a reopening or a follow-up, and never lost (SPEC 6)."""

import re
from datetime import timedelta

import pytest

from accounts.actions import certificates
from accounts.errors import Conflict
from incidents.actions import answering, responding
from incidents.actions.follow_ups import file_follow_up
from incidents.models import Incident, Message, Relation
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
CLOSED = MONDAY_NINE + timedelta(hours=1)
SOON, LATE = CLOSED + 14 * DAY, CLOSED + 14 * DAY + timedelta(seconds=1)


@pytest.fixture
def closed(cast):
    incident = cast.file()
    responding.offer_solution(incident=incident, actor=cast.tom, text="Restart.", at=CLOSED)
    return answering.accept(incident=incident, actor=cast.alice, text="", at=CLOSED)


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def url(incident) -> str:
    return f"{incident.get_absolute_url()}follow-ups/"


def test_the_closed_page_reopens_in_one_step(cast, closed, signed_in):
    client = signed_in(cast.alice)
    with clock.at(SOON):
        page = client.get(closed.get_absolute_url())
        assert "Not solved after all?" in words(page)
        assert "You can reopen it until 16 Mar 2026 10:00 CET" in words(page)
        key = re.search(r'name="idempotency_key" value="([^"]+)"', page.content.decode())
        assert key is not None
        sent = {"text": "It is back.", "idempotency_key": key[1]}
        for _ in range(2):
            response = client.post(f"{closed.get_absolute_url()}reopenings/", sent)
            assert (response.status_code, response["Location"]) == (302, closed.get_absolute_url())
    closed.refresh_from_db()
    assert closed.state == "in_progress"
    assert closed.messages.filter(text="It is back.").count() == 1


def test_a_second_later_it_offers_a_follow_up(cast, closed, signed_in):
    client = signed_in(cast.alice)
    with clock.at(LATE):
        page = words(client.get(closed.get_absolute_url()))
        assert "This incident was closed more than 14 days ago." in page
        assert "Reopen" not in page
        form = client.post(url(closed), {"text": "Again since noon.", "show": "form"})
    assert form.status_code == 200
    assert Incident.objects.count() == 1
    assert 'value="Scans stop half-way"' in form.content.decode()
    assert "Again since noon.</textarea>" in form.content.decode()
    assert "Qualified response at the latest" in words(form)


def test_what_was_typed_when_it_closed_stays(cast, closed, signed_in):
    for at, offer in ((SOON, "reopenings/"), (LATE, "follow-ups/")):
        with clock.at(at):
            response = signed_in(cast.alice).post(
                f"{closed.get_absolute_url()}messages/", {"text": "Typed at length"}
            )
        assert response.status_code == 409
        page = response.content.decode()
        assert f'action="{closed.get_absolute_url()}{offer}"' in page
        assert "Typed at length</textarea>" in page


def test_a_follow_up_is_filed_once_and_tied(cast, closed, signed_in):
    client = signed_in(cast.bob)
    sent = {
        "title": "Scans stop again",
        "product_version": "12.5",
        "text": "Since noon.",
        "idempotency_key": "0b1f3c1e-6f7e-4a53-9e0b-3f0e6a1d2c4b",
    }
    with clock.at(LATE):
        responses = [client.post(url(closed), sent) for _ in range(2)]
        filed = Incident.objects.exclude(pk=closed.pk).get()
        assert {response["Location"] for response in responses} == {filed.get_absolute_url()}
        assert "Follow-up of INC-2026-000001" in words(client.get(filed.get_absolute_url()))
        assert "Followed up by INC-2026-000002" in words(client.get(closed.get_absolute_url()))
    assert (filed.title, filed.author, filed.category, filed.product, filed.product_version) == (
        "Scans stop again",
        cast.bob,
        closed.category,
        cast.product,
        "12.5",
    )
    assert Message.objects.get(incident=filed).text == "Since noon."
    relation = Relation.objects.get()
    assert (relation.incident, relation.other, relation.related_by) == (closed, filed, cast.bob)


def test_what_staff_relate_is_not_told_as_a_follow_up(cast, closed, signed_in):
    other = cast.file()
    Relation.objects.create(
        customer=cast.acme, incident=closed, other=other, related_at=LATE, related_by=cast.tom
    )
    with clock.at(LATE):
        page = signed_in(cast.alice).get(closed.get_absolute_url()).content.decode()
    assert other.reference not in page


def test_a_form_without_words_is_shown_again(cast, closed, signed_in):
    with clock.at(LATE):
        response = signed_in(cast.alice).post(url(closed), {"title": "Kept", "text": " "})
    assert response.status_code == 422
    assert 'value="Kept"' in response.content.decode()
    assert Incident.objects.count() == 1


@pytest.mark.parametrize(
    ("person", "status"), [("alice", 200), ("bob", 200), ("olga", 404), ("tom", 403), ("erik", 404)]
)
def test_who_may(cast, closed, signed_in, person, status):
    with clock.at(LATE):
        assert signed_in(getattr(cast, person)).get(url(closed)).status_code == status


def test_an_open_incident_takes_the_message_itself(cast, signed_in):
    incident = cast.file()
    with clock.at(LATE):
        response = signed_in(cast.alice).get(url(incident))
    assert (response.status_code, response["Location"]) == (302, incident.get_absolute_url())
    with pytest.raises(Conflict):
        file_follow_up(
            incident=incident,
            certificate=cast.certificate,
            actor=cast.alice,
            title="x",
            text="y",
            at=LATE,
        )


def test_without_a_certificate_it_says_why(cast, closed, signed_in):
    certificates.revoke_certificate(
        certificate=cast.certificate, reason="Unpaid.", actor=cast.ada, at=LATE
    )
    with clock.at(LATE + DAY):
        client = signed_in(cast.alice)
        page = client.get(url(closed))
        refused = client.post(url(closed), {"title": "x", "text": "Kept words"})
    assert "File the follow-up" not in words(page)
    assert refused.status_code == 422
    assert "Kept words</textarea>" in refused.content.decode()


def test_a_category_no_longer_on_offer(cast, closed, signed_in):
    closed.category.active = False
    closed.category.save()
    with clock.at(LATE):
        page = words(signed_in(cast.alice).get(url(closed)))
    assert "The category of the closed incident is not on offer any more." in page
