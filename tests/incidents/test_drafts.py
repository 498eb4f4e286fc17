"""What is typed is kept by the server for its writer alone, until it is sent or thrown away."""

from datetime import timedelta

import pytest

from incidents.actions import responding
from incidents.models import Draft, Point
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
LATER = MONDAY_NINE + timedelta(minutes=10)


@pytest.fixture(autouse=True)
def ten_past_nine():
    with clock.at(LATER):
        yield


@pytest.fixture
def incident(cast):
    return cast.file()


def url(incident, noun=""):
    return f"/incidents/{incident.reference}/{noun + '/' if noun else ''}"


def kept():
    return list(Draft.objects.values_list("user__name", "kind", "text", "points", "saved_at"))


def test_what_is_typed_is_there_again_on_any_machine(cast, incident, signed_in):
    typed = {"kind": "question", "text": "Half a sent", "points": "- Which?\nWhen?"}
    response = signed_in(cast.tom).post(url(incident, "draft"), typed)
    assert (response.status_code, response.content) == (204, b"")
    assert kept() == [("Tom", "question", "Half a sent", ["Which?", "When?"], LATER)]

    page = signed_in(cast.tom).get(url(incident)).content.decode()
    assert "Half a sent</textarea>" in page
    assert "Which?\nWhen?</textarea>" in page
    assert 'value="question" checked' in page
    assert 'Your unsent text was restored. Saved <time datetime="2026-03-02T08:10:00' in page


def test_nobody_else_sees_it(cast, incident, signed_in):
    signed_in(cast.tom).post(url(incident, "draft"), {"text": "CANARY-DRAFT"})
    for person in (cast.tess, cast.alice, cast.ada):
        assert "CANARY-DRAFT" not in signed_in(person).get(url(incident)).content.decode()


def test_the_last_save_counts_and_an_empty_one_leaves_nothing(cast, incident, signed_in):
    tom = signed_in(cast.tom)
    for text in ("One", "Two"):
        tom.post(url(incident, "draft"), {"kind": "note", "text": text})
    assert [(text) for _, _, text, _, _ in kept()] == ["Two"]
    tom.post(url(incident, "draft"), {"kind": "note", "text": "  "})
    assert kept() == []


def test_sending_discards_it_and_a_straggler_does_not_bring_it_back(cast, incident, signed_in):
    tom, typed = signed_in(cast.tom), {"kind": "note", "text": "All of it"}
    tom.post(url(incident, "draft"), typed)
    assert tom.post(url(incident, "messages"), typed).status_code == 302
    assert kept() == []
    assert tom.post(url(incident, "draft"), typed).status_code == 204
    assert kept() == []
    tom.post(url(incident, "draft"), {"kind": "note", "text": "Something else"})
    assert len(kept()) == 1


@pytest.mark.parametrize("typed", ["All", "All of it\nand more", "ll of it"])
def test_what_only_resembles_the_message_just_sent_is_kept(cast, incident, signed_in, typed):
    tom = signed_in(cast.tom)
    tom.post(url(incident, "messages"), {"kind": "note", "text": "All of it"})
    tom.post(url(incident, "draft"), {"kind": "note", "text": typed})
    assert [text for _, _, text, _, _ in kept()] == [typed]


@pytest.mark.parametrize(
    ("changed", "kept_points"),
    [
        ({}, None),
        ({"text": "One\nTwo "}, None),
        ({"points": "Which?"}, ["Which?"]),
        ({"points": ""}, []),
        ({"points": "Which?\nWho?"}, ["Which?", "Who?"]),
    ],
)
def test_a_straggler_has_text_and_points_as_sent(cast, incident, signed_in, changed, kept_points):
    responding.ask_customer(
        incident=incident, actor=cast.tom, text="", points=["Before?"], at=MONDAY_NINE
    )
    tom, typed = signed_in(cast.tom), {"kind": "response", "text": "One\r\nTwo"}
    typed["points"] = "- Which?\r\nWhen?"
    assert tom.post(url(incident, "messages"), typed).status_code == 302
    tom.post(url(incident, "draft"), typed | changed)
    assert [points for _, _, _, points, _ in kept()] == (
        [] if kept_points is None else [kept_points]
    )


def test_points_that_do_not_go_with_a_note_do_not_keep_it(cast, incident, signed_in):
    tom, typed = signed_in(cast.tom), {"kind": "note", "text": "Seen.", "points": "Which?"}
    assert tom.post(url(incident, "messages"), typed).status_code == 302
    tom.post(url(incident, "draft"), typed)
    assert kept() == []


def test_a_contacts_straggler_answers_the_same_points(cast, incident, signed_in):
    responding.ask_customer(
        incident=incident, actor=cast.tom, text="", points=["Which?", "When?"], at=MONDAY_NINE
    )
    first, second = Point.objects.order_by("number")
    alice, typed = signed_in(cast.alice), {"text": "Well", f"answer-{first.pk}": "12.4 "}
    assert alice.post(url(incident, "messages"), typed).status_code == 302
    alice.post(url(incident, "draft"), typed)
    assert kept() == []
    for answers in ({}, {f"answer-{first.pk}": "12"}, {f"answer-{second.pk}": "12.4"}):
        alice.post(url(incident, "draft"), {"text": "Well", **answers})
        assert len(kept()) == 1
        Draft.objects.all().delete()


def test_a_refused_message_leaves_it(cast, incident, signed_in):
    tom = signed_in(cast.tom)
    tom.post(url(incident, "draft"), {"kind": "solution", "text": "Mine"})
    responding.add_note(incident=incident, actor=cast.tess, text="…", at=LATER)
    form = {"kind": "solution", "text": "Mine", "seen": "1"}
    assert tom.post(url(incident, "messages"), form).status_code == 409
    assert len(kept()) == 1


def test_a_button_throws_it_away(cast, incident, signed_in):
    tom = signed_in(cast.tom)
    tom.post(url(incident, "draft"), {"text": "Mine"})
    response = tom.post(url(incident, "draft"), {"text": "Mine", "discard": "draft"})
    assert (response.status_code, response.headers["Location"]) == (302, url(incident))
    assert kept() == []


def test_a_contacts_answers_are_kept_point_by_point(cast, incident, signed_in):
    responding.ask_customer(
        incident=incident, actor=cast.tom, text="", points=["Which?", "When?"], at=LATER
    )
    first, second = Point.objects.order_by("number")
    alice = signed_in(cast.alice)
    typed = {"text": "Well", f"answer-{first.pk}": "12.4", f"answer-{second.pk}": ""}
    assert alice.post(url(incident, "draft"), typed).status_code == 204
    assert kept() == [("Alice", "", "Well", [[first.pk, "12.4"]], LATER)]
    assert ">12.4</textarea>" in alice.get(url(incident)).content.decode()

    form = {"text": "", f"answer-{first.pk}": "12.5"}
    assert signed_in(cast.bob).post(url(incident, "messages"), form).status_code == 302
    page = alice.get(url(incident)).content.decode()
    assert "Well\n\n&gt; 1. Which?\n\n12.4</textarea>" in page


def test_more_than_a_form_holds_is_not_kept(cast, incident, signed_in):
    for typed in ({"text": "x" * 50_001}, {"answer-1": "x" * 50_001}):
        assert signed_in(cast.alice).post(url(incident, "draft"), typed).status_code == 422
    assert kept() == []


@pytest.mark.parametrize(
    ("person", "status"),
    [("alice", 204), ("bob", 204), ("tom", 204), ("dana", 204), ("ada", 403), ("olga", 404)],
)
def test_who_may_write_may_keep_a_draft(cast, incident, signed_in, person, status):
    response = signed_in(getattr(cast, person)).post(url(incident, "draft"), {"text": "Mine"})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("act", "kind"),
    [("reply", "response"), ("note", "note"), ("ask", "question"), ("solution", "solution")],
)
def test_the_address_says_what_the_composer_begins_with(cast, incident, signed_in, act, kind):
    page = signed_in(cast.tom).get(f"{url(incident)}?act={act}").content.decode()
    assert f'value="{kind}" checked' in page
    assert page.count(" autofocus") == 1


def test_without_an_act_nothing_takes_the_focus(cast, incident, signed_in):
    page = signed_in(cast.tom).get(f"{url(incident)}?act=nonsense").content.decode()
    assert " autofocus" not in page
