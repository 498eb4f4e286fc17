"""One act on many incidents: its preview, the act, and its undoing."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import Team
from incidents.actions.answering import withdraw
from incidents.actions.handing import hand_over
from incidents.actions.responding import add_note
from incidents.models import Follower, Handling, JournalEntry
from msa import clock
from tam.actions.assignment import assign, assignee
from tam.models import BulkAct, BulkItem
from tests.conftest import MONDAY_NINE
from tests.tam.test_queue import OF_MIDDLEWARE, OF_THE_CLIENT, OF_THE_SHELL

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
OF_THE_PLAN = 3  # the person, the incidents, on whose desk they are
AT = MONDAY_NINE + 5 * MINUTE


class Desk:
    """What one person sends from the queue."""

    def __init__(self, client):
        self.client = client

    def preview(self, act, incidents, at=AT):
        references = [incident.reference for incident in incidents]
        with clock.at(at):
            return self.client.post("/queue/bulk/", {"incident": references, "act": act})

    def act(self, act, incidents, submission=None, at=AT, back=""):
        data = {
            "incident": [incident.reference for incident in incidents],
            "act": act,
            "submission": submission or uuid4(),
            "back": back,
        }
        with clock.at(at):
            return self.client.post("/queue/bulk/acts/", data)

    def undo(self, at=AT + MINUTE):
        with clock.at(at):
            return self.client.post(f"/queue/bulk/acts/{BulkAct.objects.latest('pk').pk}/undoing/")

    def get(self, address, at=AT):
        with clock.at(at):
            return self.client.get(address)


@pytest.fixture
def desk(cast, signed_in):
    return Desk(signed_in(cast.tom))


@pytest.fixture
def three(cast):
    return [cast.file(title=title) for title in ("First", "Second", "Third")]


@pytest.fixture
def lab():
    return Team.objects.create(name="Lab")


def previewed(response) -> tuple[list[str], list[tuple[str, str]]]:
    html = response.content.decode()
    changing = re.findall(r'name="incident" value="([^"]+)"', html)
    _before, _title, refused = html.partition("This stays as it is")
    kept = re.findall(r'mono">([^<]+)</span><span>([^<]+)</span>', refused)
    return changing, kept


def outcome(response) -> dict[str, list[str]]:
    parts = re.split(r"<h2>([^<]+)</h2>", response.content.decode())[1:]
    return {
        title: re.findall(r'mono">([^<]+)<', html)
        for title, html in zip(parts[::2], parts[1::2], strict=True)
    }


def desks(incidents) -> list[str | None]:
    people = [assignee(incident) for incident in incidents]
    return [person.name if person else None for person in people]


def test_the_preview_says_what_changes_and_what_not_and_why(cast, desk, three):
    open_one, closed, hers = three
    withdraw(incident=closed, actor=cast.alice, text="", at=AT)
    hand_over(hers, [cast.erik], AT)
    globex = cast.file(by=cast.olga)
    response = desk.preview(f"assign:{cast.erik.pk}", [*three, globex])
    changing, kept = previewed(response)
    assert changing == [open_one.reference, globex.reference]
    assert kept == [
        (closed.reference, "This incident is closed."),
        (hers.reference, "It is there already."),
    ]
    assert "Assign to Erik" in response.content.decode()
    assert "Do it for 2 incidents" in response.content.decode()
    assert not BulkAct.objects.exists()


def test_what_one_does_not_see_is_not_there_and_what_one_may_not_do_is_said(
    cast, signed_in, three, lab
):
    tess, ada = Desk(signed_in(cast.tess)), Desk(signed_in(cast.ada))
    globex = cast.file(by=cast.olga)
    assert previewed(tess.preview("assign:me", [three[0], globex])) == ([three[0].reference], [])
    changing, kept = previewed(ada.preview(f"hand_to_team:{lab.pk}", three))
    assert changing == []
    assert kept == [(each.reference, "You may not do this here.") for each in three]
    ada.act("assign:me", three)
    assert desks(three) == [None, None, None]
    erik = Desk(signed_in(cast.erik))
    assert "There is nothing to do." in erik.preview("follow", three).content.decode()


def test_many_are_assigned_each_by_its_own_journal_and_undone(cast, desk, three):
    hand_over(three[1], [cast.tess], AT)
    done = desk.act(f"assign:{cast.erik.pk}", three, back="?tab=ours&page=3&x=//evil")
    assert (done.status_code, done.url) == (302, "/queue/?tab=ours")
    assert desks(three) == ["Erik", "Erik", "Erik"]
    entries = JournalEntry.objects.filter(kind="assigned").order_by("incident")
    assert [(entry.actor, entry.at, entry.data["to"]) for entry in entries] == [
        (cast.tom, AT, cast.erik.pk)
    ] * 3
    page = desk.get("/queue/").content.decode()
    assert "Assign: done for 3 incidents." in page

    assert desk.undo().url == "/queue/"
    assert desks(three) == [None, "Tess", None]
    assert JournalEntry.objects.filter(kind="assigned").count() == 6
    assert "queue-undo" not in desk.get("/queue/", AT + 2 * MINUTE).content.decode()


def test_nobody_is_a_desk_too(cast, desk, three):
    for incident in three[:2]:
        hand_over(incident, [cast.erik], AT)
    assert previewed(desk.preview("assign:", three)) == (
        [three[0].reference, three[1].reference],
        [(three[2].reference, "It is on nobody's desk.".replace("'", "&#x27;"))],
    )
    desk.act("assign:", three)
    assert desks(three) == [None, None, None]
    desk.undo()
    assert desks(three) == ["Erik", "Erik", None]


def test_undoing_leaves_alone_what_somebody_acted_on_since(cast, desk, three):
    desk.act(f"assign:{cast.erik.pk}", three)
    assign(incident=three[0], actor=cast.hanna, to=cast.tess, at=AT)
    add_note(incident=three[1], actor=cast.tess, text="I look at it.", at=AT)
    undone = desk.undo()
    page = desk.get(undone.url)
    assert desks(three) == ["Tess", "Erik", None]
    assert outcome(page) == {
        "Put back": [three[2].reference],
        "Not undone": [three[0].reference, three[1].reference],
    }
    assert "Hanna acted on it since." in page.content.decode()
    assert "Tess acted on it since." in page.content.decode()


def test_whose_shift_has_ended_undoes_nothing(cast, signed_in, three, lab):
    dana = Desk(signed_in(cast.dana))
    hand_over(three[2], [cast.dana], AT)
    dana.act(f"assign:{cast.dana.pk}", three[:2])
    cast.dana.shifts.update(ends_at=AT + MINUTE)
    page = dana.get(dana.undo().url, AT + MINUTE)
    assert desks(three) == ["Dana", "Dana", "Dana"]
    assert outcome(page) == {"Not undone": [each.reference for each in three[:2]]}
    assert page.content.decode().count("You may not do this here.") == 2
    assert JournalEntry.objects.filter(kind="assigned").count() == 2


def test_undoing_is_once_for_ten_minutes_and_ones_own(cast, desk, three, signed_in):
    desk.act("follow", three)
    others = Desk(signed_in(cast.tess))
    act = BulkAct.objects.get()
    assert others.undo().status_code == 404
    assert others.get(f"/queue/bulk/acts/{act.pk}/").status_code == 404
    late = desk.undo(AT + 10 * MINUTE + timedelta(seconds=1))
    assert "can no longer be undone" in desk.get(late.url).content.decode()
    assert Follower.objects.filter(user=cast.tom).count() == 3
    desk.undo(AT + 10 * MINUTE)
    assert Follower.objects.filter(user=cast.tom).count() == 0
    again = desk.undo(AT + 10 * MINUTE)
    assert "was undone already" in desk.get(again.url).content.decode()


def test_following_is_nobodys_news(cast, desk, three):
    entries = JournalEntry.objects.count()
    desk.act("follow", three[:2])
    assert previewed(desk.preview("follow", three)) == (
        [three[2].reference],
        [(each.reference, "You follow it already.") for each in three[:2]],
    )
    desk.act("unfollow", three)
    assert list(BulkItem.objects.exclude(refusal="").values_list("refusal", flat=True)) == [
        "You do not follow it."
    ]
    desk.undo()
    followed = Follower.objects.filter(user=cast.tom).values_list("incident", flat=True)
    assert sorted(followed) == [three[0].pk, three[1].pk]
    assert JournalEntry.objects.count() == entries


def test_many_are_handed_to_a_team_and_taken_back(cast, desk, three, lab):
    act = f"hand_to_team:{lab.pk}"
    desk.act(act, three)
    assert Handling.objects.filter(team=lab, until=None).count() == 3
    assert previewed(desk.preview(act, three))[0] == []
    desk.undo()
    assert Handling.objects.filter(team=lab, until=None).count() == 0
    kinds = JournalEntry.objects.filter(incident=three[0], actor=cast.tom).order_by("number")
    assert list(kinds.values_list("kind", flat=True)) == ["handed_to_team", "handed_back"]


def test_a_retried_submission_happens_once(cast, desk, three, signed_in):
    key = uuid4()
    for _ in range(2):
        assert desk.act(f"assign:{cast.erik.pk}", three, submission=key).status_code == 302
    assert BulkAct.objects.count() == 1
    assert JournalEntry.objects.filter(kind="assigned").count() == 3
    assert Desk(signed_in(cast.tess)).act("follow", three, submission=key).status_code == 404


def test_what_changed_since_the_preview_is_told(cast, desk, three):
    withdraw(incident=three[1], actor=cast.alice, text="", at=AT)
    done = desk.act(f"assign:{cast.erik.pk}", three)
    page = desk.get(done.url)
    assert outcome(page) == {
        "Done": [three[0].reference, three[2].reference],
        "Not done": [three[1].reference],
    }
    assert "This incident is closed." in page.content.decode()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("", "Choose what to do."),
        ("delete", "Choose what to do."),
        ("follow:3", "Choose what to do."),
        ("assign:999999", "Choose what to do."),
        ("assign:x", "Choose what to do."),
        ("hand_to_team:", "Choose what to do."),
    ],
)
def test_an_act_that_is_none_is_asked_for_again(desk, three, act, said):
    for response in (desk.preview(act, three), desk.act(act, three)):
        assert response.status_code == 422
        assert said in response.content.decode()
        assert previewed(response)[0] == [each.reference for each in three]


def test_contacts_and_inactive_people_get_nothing_assigned(cast, desk, three):
    cast.erik.is_active = False
    cast.erik.save()
    for person in (cast.alice, cast.ada, cast.erik):
        assert desk.preview(f"assign:{person.pk}", three).status_code == 422


def test_at_least_one_and_at_most_two_hundred(desk):
    assert "Choose at least one incident." in desk.preview("follow", []).content.decode()
    with clock.at(AT):
        many = desk.client.post(
            "/queue/bulk/",
            {"incident": [f"INC-2026-{n:06}" for n in range(201)], "act": "follow"},
        )
    assert many.status_code == 422
    assert "At most 200 incidents at once." in many.content.decode()


def test_without_a_key_it_is_not_done(desk, three):
    assert desk.act("follow", three, submission="none").status_code == 422
    assert not Follower.objects.filter(incident__in=three, user__role="tam").exists()


@pytest.mark.parametrize("address", ["/queue/bulk/", "/queue/bulk/acts/"])
def test_for_customers_there_is_no_such_act(cast, signed_in, address):
    contact = signed_in(cast.alice)
    assert contact.post(address, {"act": "follow"}).status_code == 404
    assert contact.get("/queue/bulk/acts/1/").status_code == 404
    assert contact.post("/queue/bulk/acts/1/undoing/").status_code == 404
    assert signed_in(cast.tom).get(address).status_code == 405


@pytest.mark.parametrize("incidents", [1, 3])
def test_the_preview_asks_the_same_for_more_incidents(
    cast, desk, three, incidents, django_assert_num_queries
):
    with django_assert_num_queries(OF_MIDDLEWARE + OF_THE_PLAN + OF_THE_SHELL + OF_THE_CLIENT):
        desk.preview(f"assign:{cast.tom.pk}", three[:incidents])
