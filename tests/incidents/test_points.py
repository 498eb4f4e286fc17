"""Asking by a list of points: answered one by one, ticked off on both sides (SPEC 6, 19.9)."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from accounts.errors import Conflict, Refused
from accounts.tenancy import staff_transaction
from incidents.actions import answering, responding
from incidents.actions.points import drop_point, points_in
from incidents.models import JournalEntry, Message, Point
from incidents.queries.points import open_points
from msa import clock
from tests.conftest import MONDAY_NINE, make_cast

pytestmark = pytest.mark.django_db
LATER = MONDAY_NINE + timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def ten_past_nine():
    with clock.at(LATER):
        yield


@pytest.fixture
def asked(cast):
    return ask(cast.file(), cast.tom)


def ask(incident, tom, text="We need to know:", points=("Which version?", "Since when?")):
    return responding.ask_customer(incident=incident, actor=tom, text=text, points=points, at=LATER)


def answer(incident, actor, answers, text="", at=LATER + MINUTE):
    points = {Point.objects.get(number=number).pk: said for number, said in answers.items()}
    return answering.answer(incident=incident, actor=actor, text=text, points=points, at=at)


def listed(incident):
    return [(point.number, point.text) for point in open_points(incident)]


def url(incident, noun=""):
    return f"/incidents/{incident.reference}/{noun + '/' if noun else ''}"


def key_of(number):
    return Point.objects.get(number=number).pk


def latest_text():
    return Message.objects.latest("id").text


def latest_data(kind):
    return JournalEntry.objects.filter(kind=kind).latest("id").data


def test_the_question_holds_its_points_in_its_text(asked):
    assert latest_text() == "We need to know:\n\n1. Which version?\n2. Since when?"
    assert latest_data("asked") == {"until": "2026-04-02T07:10:00+00:00", "points": 2}
    assert listed(asked) == [(1, "Which version?"), (2, "Since when?")]
    assert asked.state == "awaiting_customer"


def test_any_answer_returns_the_side_and_leaves_the_rest_listed(cast, asked):
    answered = answer(asked, cast.alice, {2: " Since Monday.\n"}, text="In short:")
    assert answered.state == "in_progress"
    assert latest_text() == "In short:\n\n> 2. Since when?\n\nSince Monday."
    assert latest_data("answered") == {"points": 1}
    assert listed(answered) == [(1, "Which version?")]
    point = Point.objects.get(number=2)
    assert point.answered_in is not None
    assert (point.answer, point.answered_in.author) == ("Since Monday.", cast.alice)


def test_a_free_message_returns_the_side_too_and_ticks_nothing(cast, asked):
    answered = answer(asked, cast.alice, {}, text="I am on holiday until Friday.")
    assert (answered.state, len(listed(answered))) == ("in_progress", 2)
    assert latest_data("answered") == {}


def test_what_is_open_can_be_answered_on_the_vendors_side(cast, asked):
    incident = answer(asked, cast.alice, {1: "12.4"})
    incident = answer(incident, cast.bob, {2: "Monday"}, at=LATER + 2 * MINUTE)
    assert (incident.state, listed(incident)) == ("in_progress", [])


def test_asking_again_numbers_on_and_keeps_what_is_open(cast, asked):
    incident = answer(asked, cast.alice, {1: "12.4"})
    incident = ask(incident, cast.tom, "", ["Which disk?"])
    assert latest_text() == "3. Which disk?"
    assert listed(incident) == [(2, "Since when?"), (3, "Which disk?")]


def test_points_on_the_customers_side_are_added_and_prolong_nothing(cast, asked):
    until = asked.customer_side_until
    incident = responding.respond(
        incident=asked, actor=cast.tom, text="", points=["Which disk?"], at=LATER + 60 * MINUTE
    )
    assert (incident.state, incident.customer_side_until) == ("awaiting_customer", until)
    assert latest_data("replied") == {"points": 1}
    assert listed(incident)[-1] == (3, "Which disk?")


def test_a_reply_with_points_on_the_vendors_side_asks(cast):
    incident = responding.respond(
        incident=cast.file(), actor=cast.tom, text="We look.", points=["Which disk?"], at=LATER
    )
    assert incident.state == "awaiting_customer"
    assert Message.objects.latest("id").kind == "question"


@pytest.mark.parametrize("ending", ["take_back", "withdraw"])
def test_taken_back_or_closed_nothing_is_asked_any_more(cast, asked, ending):
    if ending == "take_back":
        responding.take_back(incident=asked, actor=cast.tom, text="", at=LATER)
    else:
        answering.withdraw(incident=asked, actor=cast.alice, text="", at=LATER)
    dropped = Point.objects.values_list("dropped_at", flat=True)
    assert list(dropped) == [LATER, LATER]


def test_accepting_ends_the_asking(cast, asked):
    responding.offer_solution(incident=asked, actor=cast.tom, text="Update.", at=LATER)
    answering.accept(incident=asked, actor=cast.alice, text="", at=LATER)
    assert Point.objects.filter(dropped_at=None).count() == 0


def test_one_point_is_dropped_once(cast, asked):
    point = Point.objects.get(number=1)
    for _ in range(2):
        incident = drop_point(incident=asked, actor=cast.tom, point=point, at=LATER)
    assert (incident.state, listed(incident)) == ("awaiting_customer", [(2, "Since when?")])
    entries = JournalEntry.objects.filter(kind="point_dropped")
    assert [entry.data for entry in entries] == [{"number": 1}]


def test_what_is_answered_cannot_be_dropped(cast, asked):
    answer(asked, cast.alice, {1: "12.4"})
    with pytest.raises(Conflict, match="Alice has answered point 1 in the meantime"):
        drop_point(
            incident=asked, actor=cast.tom, point=Point.objects.get(number=1), at=LATER + MINUTE
        )


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (["x"] * 21, "At most 20 points go with one message."),
        (["x" * 501], "A point has at most 500 characters."),
    ],
)
def test_a_list_that_nobody_reads_is_refused(cast, points, message):
    with pytest.raises(Refused, match=message):
        ask(cast.file(), cast.tom, "", points)


def test_dashes_and_numbers_before_a_line_are_no_part_of_a_point():
    typed = "- Which  version?\n\n 2. Since when?\n3) Where?\n\t• How?\n12.4 or 12.5?"
    assert points_in(typed) == [
        "Which version?",
        "Since when?",
        "Where?",
        "How?",
        "12.4 or 12.5?",
    ]


def test_the_page_asks_and_the_portal_answers(cast, signed_in):
    incident = cast.file()
    tom, alice = signed_in(cast.tom), signed_in(cast.alice)
    form = {"kind": "question", "text": "", "points": "Which version?\nSince when?"}
    assert tom.post(url(incident, "messages"), form).status_code == 302

    page = alice.get(url(incident)).content.decode()
    assert "We need information from you. Please answer below. 2 points" in page
    assert f'<label for="answer-{key_of(1)}">1. Which version?</label>' in page
    form = {"text": "", f"answer-{key_of(1)}": "12.4", f"answer-{key_of(2)}": "  "}
    assert alice.post(url(incident, "messages"), form).status_code == 302

    page = alice.get(url(incident)).content.decode()
    assert "One point that we asked for is still open." in page
    assert f'name="answer-{key_of(1)}"' not in page
    assert f'name="answer-{key_of(2)}"' in page
    staff = tom.get(url(incident)).content.decode()
    assert "1 of 2 open" in staff
    assert url(incident, f"points/{key_of(2)}/withdrawal") in staff
    assert url(incident, f"points/{key_of(1)}/withdrawal") not in staff


def test_nothing_at_all_is_no_question_and_no_answer(cast, asked, signed_in):
    for person, form in (
        (cast.tom, {"kind": "question", "text": " ", "points": " \n "}),
        (cast.alice, {"text": "", f"answer-{key_of(1)}": " "}),
    ):
        response = signed_in(person).post(url(asked, "messages"), form)
        assert response.status_code == 422
        assert "This field is required." in response.content.decode()


def test_too_many_points_are_named_and_stay_typed(cast, signed_in):
    typed = "\n".join(f"Point {number}" for number in range(21))
    form = {"kind": "question", "text": "Please:", "points": typed}
    response = signed_in(cast.tom).post(url(cast.file(), "messages"), form)
    assert response.status_code == 422
    page = response.content.decode()
    assert "At most 20 points go with one message." in page
    assert "Point 20</textarea>" in page


def test_the_second_to_answer_is_told_and_keeps_their_words(cast, asked, signed_in):
    bob, (one, two) = signed_in(cast.bob), (key_of(1), key_of(2))
    answer(asked, cast.alice, {1: "12.4"})
    form = {"text": "Hello", f"answer-{one}": "It is 12.5", f"answer-{two}": "Monday"}
    response = bob.post(url(asked, "messages"), form)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Alice has answered point 1 in the meantime. Your words stay below." in page
    kept = "Hello\n\n&gt; 1. Which version?\n\nIt is 12.5"
    assert f"{kept}</textarea>" in page
    assert f'name="answer-{one}"' not in page
    assert "Monday</textarea>" in page
    form = {"text": "Hello\n\n> 1. Which version?\n\nIt is 12.5", f"answer-{two}": "Monday"}
    assert bob.post(url(asked, "messages"), form).status_code == 302
    assert listed(asked) == []


def test_a_point_of_another_incident_cannot_be_answered(cast, asked, signed_in):
    other = cast.file(by=cast.olga)
    form = {"text": "Hello", f"answer-{key_of(1)}": "Mine"}
    assert signed_in(cast.olga).post(url(other, "messages"), form).status_code == 302
    assert listed(asked) == [(1, "Which version?"), (2, "Since when?")]


@pytest.mark.parametrize(
    ("person", "status"),
    [("tom", 302), ("dana", 302), ("hanna", 302), ("alice", 403), ("ada", 403), ("olga", 404)],
)
def test_who_may_drop_a_point(cast, asked, signed_in, person, status):
    response = signed_in(getattr(cast, person)).post(url(asked, f"points/{key_of(1)}/withdrawal"))
    assert response.status_code == status


def test_a_point_elsewhere_cannot_be_dropped_from_here(cast, asked, signed_in):
    other = cast.file(by=cast.olga)
    path = url(other, f"points/{key_of(1)}/withdrawal")
    assert signed_in(cast.tom).post(path).status_code == 404


def test_an_answer_sent_twice_is_taken_once(cast, asked, signed_in):
    alice = signed_in(cast.alice)
    form = {
        "text": "",
        f"answer-{key_of(1)}": "12.4",
        "idempotency_key": "7b5bb8f4-6a1e-4c59-9d0c-0a6c5d9b1f11",
    }
    answers = [alice.post(url(asked, "messages"), form).status_code for _ in range(2)]
    assert answers == [302, 302]
    assert Message.objects.filter(author=cast.alice, kind="reply").count() == 1


def test_the_page_costs_the_same_for_any_number_of_points(
    cast, asked, signed_in, django_assert_num_queries
):
    alice = signed_in(cast.alice)
    answer(asked, cast.alice, {1: "12.4"})
    alice.get(url(asked))
    for _ in range(2):
        with django_assert_num_queries(21):
            alice.get(url(asked))
        incident = ask(asked, cast.tom, "", ["One", "Two", "Three"])
        answer(incident, cast.bob, {incident.points.latest("id").number: "Yes"})


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_a_point_at_once_one_wins():
    with staff_transaction():
        cast = make_cast()
        incident = ask(cast.file(), cast.tom)
        key = key_of(1)
    barrier, outcomes = Barrier(2), []

    def reply(person):
        try:
            barrier.wait()
            with staff_transaction():
                answering.answer(
                    incident=incident, actor=person, text="", points={key: "12.4"}, at=LATER
                )
            outcomes.append("taken")
        except Conflict:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [Thread(target=reply, args=(person,)) for person in (cast.alice, cast.bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["taken", "told"]
