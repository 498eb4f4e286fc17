"""Who has read what: receipts for the contact, marks on what is new."""

from datetime import timedelta

import pytest

from incidents.actions import answering, responding
from incidents.actions.reading import note_reading
from incidents.models import Message, Reading
from incidents.queries.reading import read_by
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def at(minutes: int):
    return MONDAY_NINE + minutes * MINUTE


def latest(incident) -> int:
    return Message.objects.filter(incident=incident).latest("id").pk


def read(incident, person, minutes: int, message: int | None = None) -> None:
    note_reading(
        incident=incident, user=person, message=message or latest(incident), at=at(minutes)
    )


def read_at(incident, person):
    receipt = read_by(incident, person).receipt
    assert receipt is not None
    return receipt.read_at


def texts(keys) -> list[str]:
    return list(Message.objects.filter(pk__in=keys).order_by("id").values_list("text", flat=True))


def test_the_vendors_first_reader_makes_the_receipt(cast):
    incident = cast.file()
    assert read_at(incident, cast.alice) is None
    read(incident, cast.bob, 1)
    assert read_at(incident, cast.alice) is None
    read(incident, cast.tom, 5)
    read(incident, cast.dana, 3)
    responding.add_note(incident=incident, actor=cast.tom, text="Hm.", at=at(6))
    read(incident, cast.dana, 8)
    assert read_at(incident, cast.alice) == at(3)
    assert read_by(incident, cast.bob).receipt is None


def test_a_reply_shows_more_than_a_receipt(cast):
    incident = cast.file()
    read(incident, cast.tom, 5)
    responding.respond(incident=incident, actor=cast.tom, text="Seen.", at=at(6))
    assert read_by(incident, cast.alice).receipt is None
    answering.answer(incident=incident, actor=cast.alice, text="Thanks", at=at(7))
    assert read_at(incident, cast.alice) is None
    read(incident, cast.tom, 9)
    assert read_at(incident, cast.alice) == at(9)


def test_only_what_was_shown_is_read(cast):
    incident = cast.file()
    shown = latest(incident)
    answering.answer(incident=incident, actor=cast.alice, text="And one thing more", at=at(1))
    read(incident, cast.tom, 2, shown)
    assert read_at(incident, cast.alice) is None
    read(incident, cast.tom, 3)
    read(incident, cast.tom, 4, shown)
    assert read_at(incident, cast.alice) == at(3)


def test_what_is_new_since_the_last_visit(cast):
    incident = cast.file()
    responding.respond(incident=incident, actor=cast.tom, text="First", at=at(1))
    responding.add_note(incident=incident, actor=cast.tom, text="Note", at=at(2))
    answering.answer(incident=incident, actor=cast.bob, text="From Bob", at=at(3))
    assert texts(read_by(incident, cast.alice).news) == ["First", "From Bob"]
    read(incident, cast.alice, 4)
    assert texts(read_by(incident, cast.alice).news) == []
    responding.respond(incident=incident, actor=cast.tom, text="Second", at=at(5))
    assert texts(read_by(incident, cast.alice).news) == ["Second"]
    answering.answer(incident=incident, actor=cast.alice, text="Who writes has read", at=at(6))
    assert texts(read_by(incident, cast.alice).news) == []


def test_the_page_notes_it_and_shows_it(cast, signed_in):
    incident = cast.file()
    alice, tom = signed_in(cast.alice), signed_in(cast.tom)
    url = incident.get_absolute_url()
    with clock.at(at(1)):
        assert "Received by the vendor" in alice.get(url).content.decode()
    page = tom.get(url).content.decode()
    assert f'hx-post="{url}readings/"' in page
    assert f'hx-vals=\'{{"message": "{latest(incident)}"}}\'' in page
    with clock.at(at(42)):
        response = tom.post(f"{url}readings/", {"message": latest(incident)})
    assert (response.status_code, response.content) == (204, b"")
    with clock.at(at(50)):
        shown = alice.get(url).content.decode()
        assert "Read by the vendor," in shown
        assert ">09:42 · 2 Mar</time>" in shown
        assert "Read by the vendor" not in signed_in(cast.bob).get(url).content.decode()
    responding.respond(incident=incident, actor=cast.tom, text="Here", at=at(60))
    with clock.at(at(61)):
        assert '<span class="badge-new">New</span>' in alice.get(url).content.decode()
        alice.post(f"{url}readings/", {"message": latest(incident)})
        assert '<span class="badge-new">New</span>' not in alice.get(url).content.decode()


@pytest.mark.parametrize(
    ("person", "message", "status"),
    [
        ("alice", "1", 204),
        ("erik", "1", 404),
        ("olga", "1", 404),
        ("alice", "", 400),
        ("alice", "x", 400),
        ("alice", "-1", 400),
        ("alice", "²", 400),
        ("alice", "9" * 18, 204),
        ("alice", "9" * 30, 400),
    ],
)
def test_who_may_and_what_is_taken(cast, signed_in, person, message, status):
    url = f"{cast.file().get_absolute_url()}readings/"
    assert signed_in(getattr(cast, person)).post(url, {"message": message}).status_code == status
    assert signed_in(cast.alice).get(url).status_code == 405


def test_a_key_before_the_incident_notes_nothing(cast):
    incident = cast.file()
    note_reading(incident=incident, user=cast.tom, message=0, at=at(1))
    note_reading(incident=incident, user=cast.alice, message=latest(incident), at=at(1))
    assert Reading.objects.count() == 0
