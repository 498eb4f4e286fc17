"""How customers are handled, as staff write it down."""

from datetime import timedelta

import pytest

from accounts.errors import Changed, NotAllowed
from msa import clock
from tam.actions.handling_notes import write_handling_note
from tam.models import HandlingNote
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

LATER = MONDAY_NINE + timedelta(hours=1)


def url(customer):
    return f"/customers/{customer.pk}/handling-notes/"


def look(signed_in, who, customer):
    with clock.at(LATER):
        return signed_in(who).get(url(customer))


def send(signed_in, who, customer, **typed):
    with clock.at(LATER):
        return signed_in(who).post(url(customer), typed)


def kept(customer):
    notes = HandlingNote.objects.filter(customer=customer).order_by("id")
    return [(note.text, note.changed_by.name) for note in notes]


def write(cast, text, actor=None, **seen):
    return write_handling_note(
        customer=cast.acme, actor=actor or cast.tom, text=text, at=LATER, **seen
    )


def test_each_change_stays(cast):
    for text in ("Ring first.", "Ring first.", "Never on Fridays.", ""):
        write(cast, text)
    assert kept(cast.acme) == [("Ring first.", "Tom"), ("Never on Fridays.", "Tom"), ("", "Tom")]


def test_nothing_is_no_note(cast):
    assert write(cast, "") is None
    assert kept(cast.acme) == []


def test_what_another_wrote_meanwhile_is_told(cast):
    write(cast, "Ring first.", cast.dana)
    with pytest.raises(Changed, match="Dana has changed the note since you opened it: “Ring"):
        write(cast, "Mail first.", unchanged_since=0)
    assert kept(cast.acme) == [("Ring first.", "Dana")]


@pytest.mark.parametrize("name", ["ada", "erik", "bruno", "alice"])
def test_others_write_none(cast, name):
    with pytest.raises(NotAllowed):
        write(cast, "…", getattr(cast, name))


def test_the_page_keeps_it_with_its_history(cast, signed_in):
    assert send(signed_in, cast.tom, cast.acme, text="Ring first.", seen="0").status_code == 302
    page = look(signed_in, cast.tess, cast.acme)
    assert page.context["form"].initial == {
        "text": "Ring first.",
        "seen": HandlingNote.objects.get().pk,
    }
    assert [note.text for note in page.context["notes"]] == ["Ring first."]


def test_sent_again_knowing_it_goes_through(cast, signed_in):
    write(cast, "Ring first.", cast.dana)
    refused = send(signed_in, cast.tom, cast.acme, text="Mail first.", seen="0")
    assert refused.status_code == 409
    assert "Mail first." in refused.content.decode()
    seen = str(refused.context["form"]["seen"].value())
    assert send(signed_in, cast.tom, cast.acme, text="Mail first.", seen=seen).status_code == 302
    assert kept(cast.acme) == [("Ring first.", "Dana"), ("Mail first.", "Tom")]


def test_too_much_is_refused(cast, signed_in):
    answer = send(signed_in, cast.tom, cast.acme, text="x" * 10_001, seen="0")
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("name", "reads", "writes"),
    [
        ("tom", 200, 302),
        ("tess", 200, 302),
        ("dana", 200, 302),
        ("hanna", 200, 302),
        ("ada", 200, 403),
        ("erik", 404, 404),
        ("bruno", 404, 404),
        ("alice", 404, 404),
    ],
)
def test_who_reads_and_writes(cast, signed_in, name, reads, writes):
    person = getattr(cast, name)
    assert look(signed_in, person, cast.acme).status_code == reads
    assert send(signed_in, person, cast.acme, text="Ring.", seen="").status_code == writes


def test_another_managers_customer_is_not_there(cast, signed_in):
    assert look(signed_in, cast.tess, cast.globex).status_code == 404
