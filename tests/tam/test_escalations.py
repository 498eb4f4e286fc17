"""The panel beside an incident, taking escalations up, and the list of what waits for a person."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.actions import certificates
from accounts.models import Certificate, Customer, Office, Programme, Role, User
from incidents.actions import answering, responding
from msa import clock
from tam.actions import complaints, escalations
from tam.models import Escalation
from tam.queries.escalations import addressed_to, open_for, settled_for
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATER = MONDAY_NINE + HOUR
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def later():
    with clock.at(LATER):
        yield


@pytest.fixture
def incident(cast):
    cast.office.acknowledge_minutes = {"2": 60}
    cast.office.save()
    cast.certificate.office.refresh_from_db()
    return cast.file()


def escalate(cast, incident, levels=1, by=None):
    for minute in range(levels):
        escalations.escalate(
            incident=incident,
            actor=by or cast.alice,
            text=f"Reason {minute + 1}",
            at=LATER - (10 - minute) * MINUTE,
        )
    return Escalation.objects.filter(incident=incident).latest("level")


def panel(incident):
    return f"/incidents/{incident.reference}/escalation/"


def acknowledge(escalation):
    return f"/escalations/{escalation.pk}/acknowledgement/"


def answer(escalation):
    return f"/escalations/{escalation.pk}/answer/"


def text_of(response):
    return " ".join(response.content.decode().split())


# Who sees the panel, and who may take up what: level by level.


TAKES_UP = {1: {"tom", "tess", "dana"}, 2: {"hanna"}, 3: {"bruno"}}
KNOWS_NOT = {1: {"olga", "erik", "bruno"}, 2: {"olga", "erik", "bruno"}, 3: {"olga", "erik"}}
PEOPLE = ("alice", "bob", "olga", "tom", "tess", "dana", "erik", "hanna", "bruno", "ada")


@pytest.mark.parametrize("level", [1, 2, 3])
def test_who_may_take_up_which_level(cast, incident, signed_in, level):
    escalation = escalate(cast, incident, level)
    asked, clicked, expected = {}, {}, {}
    for name in PEOPLE:
        client = signed_in(getattr(cast, name))
        asked[name] = client.get(answer(escalation)).status_code
        clicked[name] = client.post(acknowledge(escalation)).status_code
        Escalation.objects.update(acknowledged_at=None, acknowledged_by=None)
        expected[name] = (
            200 if name in TAKES_UP[level] else 404 if name in KNOWS_NOT[level] else 403
        )
    assert asked == expected
    assert clicked == {name: 302 if status == 200 else status for name, status in expected.items()}


def test_a_duty_manager_stands_in_only_on_shift(cast, incident, signed_in):
    escalation = escalate(cast, incident)
    responding.add_note(incident=incident, actor=cast.dana, text="…", at=LATER)
    cast.dana.shifts.all().delete()
    assert signed_in(cast.dana).post(acknowledge(escalation)).status_code == 403


def test_whom_it_is_addressed_to_sees_it_from_any_office(cast, signed_in):
    """Lyon has no head of its own: Hanna of Paris is addressed, sees the incident, and answers."""
    lyon = Office.objects.create(name="Lyon", timezone="Europe/Paris", week=cast.office.week)
    lyon.calendar = cast.office.calendar
    lyon.save()
    lara = User.objects.create_user(
        "lara@northlight.example", "x", name="Lara", role=Role.TAM, office=lyon
    )
    Certificate.objects.filter(pk=cast.certificate.pk).update(office=lyon, tam=lara)
    cast.certificate.refresh_from_db()
    filed = cast.file()
    assert signed_in(cast.hanna).get(panel(filed)).status_code == 404
    escalation = escalate(cast, filed, 2)
    client = signed_in(cast.hanna)
    assert client.get(panel(filed)).status_code == 200
    assert client.post(answer(escalation), {"text": "I come."}).status_code == 302
    escalation.refresh_from_db()
    assert (escalation.answered_by, escalation.acknowledged_by) == (cast.hanna, cast.hanna)


def test_an_administrator_is_addressed_where_nobody_else_is(cast, signed_in):
    User.objects.filter(role=Role.BUSINESS_MANAGER).update(is_active=False)
    filed = cast.file()
    escalation = escalate(cast, filed, 3)
    assert escalation.addressees == [cast.ada.pk]
    assert signed_in(cast.ada).post(acknowledge(escalation)).status_code == 302


# What the panel says.


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("alice", 200),
        ("bob", 200),
        ("olga", 404),
        ("tom", 200),
        ("tess", 200),
        ("dana", 200),
        ("hanna", 200),
        ("erik", 404),
        ("bruno", 404),
        ("ada", 200),
    ],
)
def test_the_panel_of_what_is_not_escalated(cast, incident, signed_in, person, status):
    client = signed_in(getattr(cast, person))
    assert client.get(panel(incident), **HTMX).status_code == status
    whole = client.get(panel(incident))
    assert whole.status_code == status
    if whole.status_code == 200:
        assert "<!doctype html>" in whole.content.decode()
        assert "Nothing is escalated." in text_of(whole)


def test_the_portal_says_whom_it_reached_when_and_until_when(cast, incident, signed_in):
    escalation = escalate(cast, incident, 2)
    page = text_of(signed_in(cast.alice).get(panel(incident), **HTMX))
    assert "<!doctype" not in page
    assert page.count('class="level"') == 2
    assert "By the customer: Alice" in page
    assert "Reason 1" in page
    assert "Reason 2" in page
    assert "<dt>Reached</dt><dd>Tom</dd>" in page
    assert "<dt>Reached</dt><dd>Hanna</dd>" in page
    assert escalation.acknowledge_by == LATER - 9 * MINUTE + HOUR
    assert f'<time datetime="{escalation.acknowledge_by.isoformat()}"' in page
    assert "Waits for us" in page
    assert "Acknowledge</button>" not in page
    hanna = signed_in(cast.hanna)
    assert "Acknowledge</button>" in text_of(hanna.get(panel(incident), **HTMX))
    hanna.post(acknowledge(escalation))
    hanna.post(answer(escalation), {"text": "We send <b>two</b> people."})
    page = text_of(signed_in(cast.alice).get(panel(incident), **HTMX))
    assert "<dt>Acknowledged</dt><dd>Hanna<br>" in page
    assert "<dt>Answered</dt><dd>Hanna<br>" in page
    assert "We send &lt;b&gt;two&lt;/b&gt; people." in page
    assert "Gone up" in page  # level 1, which nobody acknowledged


def close(cast, incident):
    answering.withdraw(incident=incident, actor=cast.alice, text="", at=LATER)


def ask(cast, incident):
    responding.ask_customer(incident=incident, actor=cast.tom, text="?", at=LATER)


def to_the_top(cast, incident):
    escalate(cast, incident, 3)


def unnamed(cast, incident):
    cast.certificate.contacts.get(user=cast.alice).delete()
    other = Certificate(
        number="MSA-3",
        customer=cast.acme,
        programme=Programme.objects.get(key="msa-enterprise-fr-2022"),
        office=cast.office,
        valid_from=cast.certificate.valid_from,
        valid_until=cast.certificate.valid_until,
        tam=cast.tom,
    )
    certificates.issue_certificate(
        certificate=other, products=[], contacts=[cast.alice], actor=None, at=MONDAY_NINE
    )


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [
        (close, "This incident is closed. Reopen it if it is not solved."),
        (ask, "The next move is yours. Once it is ours again, you can escalate."),
        (to_the_top, "It stands at the highest level already."),
        (unnamed, "Certificate MSA-1 does not name you as a contact."),
    ],
)
def test_the_button_says_why_not(cast, incident, signed_in, arrange, reason):
    link = f'href="/incidents/{incident.reference}/escalations/"'
    client = signed_in(cast.alice)
    assert link in text_of(client.get(panel(incident), **HTMX))
    arrange(cast, incident)
    page = text_of(client.get(panel(incident), **HTMX))
    assert link not in page
    assert reason in page
    sent = client.post(f"/incidents/{incident.reference}/escalations/", {"text": "Hurry."})
    assert sent.status_code in {403, 409}


def test_staff_are_offered_it_only_where_they_can(cast, incident, signed_in):
    link = f"/incidents/{incident.reference}/escalations/"
    tom = signed_in(cast.tom)
    assert link in text_of(tom.get(panel(incident)))
    ask(cast, incident)
    assert link not in text_of(tom.get(panel(incident)))
    assert "Escalate" not in text_of(signed_in(cast.ada).get(panel(incident))).partition("main")[2]


def test_an_outsider_of_the_office_sees_its_time_too(cast, incident, signed_in):
    cast.alice.timezone = "Asia/Shanghai"
    cast.alice.save()
    escalate(cast, incident)
    page = text_of(signed_in(cast.alice).get(panel(incident), **HTMX))
    assert "Paris: <time" in page
    assert "(CET)" in page


def test_the_panel_costs_the_same_at_any_level(
    cast, incident, signed_in, django_assert_num_queries
):
    client = signed_in(cast.alice)
    escalate(cast, incident, 1)
    with django_assert_num_queries(20, exact=False) as counted:
        client.get(panel(incident), **HTMX)
    escalations.escalate(incident=incident, actor=cast.bob, text="…", at=LATER)
    escalations.escalate(incident=incident, actor=cast.bob, text="…", at=LATER)
    with django_assert_num_queries(len(counted)):
        client.get(panel(incident), **HTMX)


# Acknowledging and answering.


def test_a_second_click_is_the_same_one(cast, incident, signed_in):
    escalation = escalate(cast, incident)
    client = signed_in(cast.tom)
    for _ in range(2):
        clicked = client.post(acknowledge(escalation), follow=True)
        assert [str(m) for m in clicked.context["messages"]] == [
            "Acknowledged. The customer has been told."
        ]
    assert incident.journal.filter(kind="escalation_acknowledged").count() == 1
    clicked = signed_in(cast.tess).post(acknowledge(escalation), follow=True)
    assert [str(m) for m in clicked.context["messages"]] == [
        "This escalation is acknowledged already."
    ]


def test_what_went_up_meanwhile_is_told_and_nothing_typed_is_lost(cast, incident, signed_in):
    escalation = escalate(cast, incident)
    with clock.at(LATER + HOUR):
        client = signed_in(cast.tom)
        sent = client.post(answer(escalation), {"text": "My own words."})
        clicked = client.post(acknowledge(escalation), {"from": "list"})
    assert sent.status_code == 409
    assert "This has gone up to level 2 meanwhile." in sent.content.decode()
    assert "My own words." in sent.content.decode()
    assert clicked.url == "/escalations/"


def test_an_answer_without_words_is_refused(cast, incident, signed_in):
    escalation = escalate(cast, incident)
    sent = signed_in(cast.tom).post(answer(escalation), {"text": "  "})
    assert sent.status_code == 422
    assert "This field is required." in sent.content.decode()


def test_an_answer_sent_twice_is_one(cast, incident, signed_in):
    escalation = escalate(cast, incident)
    form = {"text": "Once.", "idempotency_key": "7b5bb8f4-6a1e-4c59-9d0c-0a6c5d9b1f11"}
    client = signed_in(cast.tom)
    assert [client.post(answer(escalation), form).status_code for _ in range(2)] == [302, 302]
    assert incident.messages.filter(text="Once.").count() == 1


def test_no_such_escalation(cast, signed_in):
    assert signed_in(cast.tom).get("/escalations/0/answer/").status_code == 404
    assert signed_in(cast.tom).post("/escalations/0/acknowledgement/").status_code == 404
    assert signed_in(cast.tom).get("/escalations/0/acknowledgement/").status_code == 405


# The list.


def waiting(person, at=LATER):
    return [(each.incident or each.complaint, each.level) for each in open_for(person, at)]


@pytest.mark.parametrize(
    ("person", "status"),
    [("alice", 404), ("olga", 404)]
    + [(name, 200) for name in ("tom", "tess", "dana", "erik", "hanna", "bruno", "ada")],
)
def test_the_list_is_the_staffs(cast, signed_in, person, status):
    assert signed_in(getattr(cast, person)).get("/escalations/").status_code == status


def test_what_waits_for_whom(cast, incident):
    other = cast.file(title="Other")
    escalate(cast, incident, 3)
    escalate(cast, other, 1)
    assert waiting(cast.bruno) == [(incident, 3)]
    assert waiting(cast.hanna) == []
    for stands_in in (cast.tom, cast.tess, cast.dana):
        assert waiting(stands_in) == [(other, 1)]
    assert waiting(cast.erik) == []
    assert waiting(cast.alice) == []
    assert [each.level for each in settled_for(cast.hanna, LATER)] == [2]
    cast.dana.shifts.all().delete()
    assert waiting(cast.dana) == []


def test_what_is_answered_or_closed_waits_no_more(cast, incident):
    other = cast.file(title="Other")
    escalate(cast, incident)
    escalate(cast, other)
    escalations.answer_escalation(incident=incident, actor=cast.tess, text="…", at=LATER)
    close(cast, other)
    assert waiting(cast.tom) == []
    assert len(settled_for(cast.tom, LATER)) == 2


def test_what_is_due_first_comes_first_and_what_is_acknowledged_last(cast, incident):
    filed = [incident, cast.file(title="Second"), cast.file(title="Third")]
    for number, each in enumerate(filed):
        escalations.escalate(
            incident=each, actor=cast.alice, text="…", at=MONDAY_NINE + (3 - number) * MINUTE
        )
    escalations.acknowledge(incident=filed[2], actor=cast.tom, text="", at=MONDAY_NINE + 4 * MINUTE)
    order = [each.incident for each in open_for(cast.tom, LATER)]
    assert order == [filed[1], filed[0], filed[2]]


def test_one_click_in_the_list(cast, incident, signed_in):
    escalation = escalate(cast, incident)
    client = signed_in(cast.tom)
    page = text_of(client.get("/escalations/"))
    assert "1 waits for you" in page
    assert incident.title in page
    assert "to be acknowledged by" in page
    clicked = client.post(acknowledge(escalation), {"from": "list"}, follow=True)
    assert clicked.redirect_chain == [("/escalations/", 302)]
    assert "acknowledged by Tom" in text_of(clicked)


def test_the_list_costs_the_same_with_one_and_three(
    cast, incident, signed_in, django_assert_num_queries
):
    client = signed_in(cast.tom)

    def fill(number):
        for _ in range(number):
            escalate(cast, cast.file())
            answered = cast.file()
            escalate(cast, answered)
            escalations.answer_escalation(incident=answered, actor=cast.tom, text="…", at=LATER)
            complaints.complain(
                certificate=cast.certificate,
                kind="complaint",
                title="…",
                text="…",
                author=cast.alice,
                actor=cast.alice,
                at=LATER,
            )

    fill(1)
    with django_assert_num_queries(30, exact=False) as counted:
        client.get("/escalations/")
    fill(2)
    with django_assert_num_queries(len(counted)):
        client.get("/escalations/")


def test_a_programme_of_other_levels_addresses_others(cast):
    cast.certificate.programme.escalation_levels = ["team_head", "tam"]
    cast.certificate.programme.save()
    filed = cast.file()
    escalation = escalate(cast, filed, 2)
    assert escalation.addressees == [cast.tom.pk]
    levels = {
        name: [each.level for each in addressed_to(getattr(cast, name), LATER).order_by("level")]
        for name in ("tom", "tess", "dana", "hanna")
    }
    assert levels == {"tom": [2], "tess": [2], "dana": [2], "hanna": [1]}


def test_another_customer_of_the_office_changes_nothing(cast, incident):
    Customer.objects.create(name="Initech")
    assert waiting(cast.tom, datetime(2026, 3, 2, tzinfo=UTC)) == []


def test_what_is_late_is_marked_in_the_list(cast, incident, signed_in):
    escalate(cast, incident)
    tom = signed_in(cast.tom)
    marks = []
    for at in (LATER, LATER + 2 * HOUR):
        with clock.at(at):
            marks.append(text_of(tom.get("/escalations/")).count(">Overdue<"))
    assert marks == [0, 1]


def test_staff_are_told_that_no_time_is_set(cast, signed_in):
    incident = cast.file()
    escalate(cast, incident)
    said = "No time is set: it goes up only when somebody raises it."
    pages = [
        text_of(signed_in(person).get(panel(incident), **HTMX)) for person in (cast.tom, cast.alice)
    ]
    assert [said in page for page in pages] == [True, False]


def test_staff_see_no_panel_where_nothing_is_escalated(cast, incident, signed_in):
    tom = signed_in(cast.tom)
    empty = tom.get(panel(incident), **HTMX).content
    escalate(cast, incident)
    assert empty == b""
    assert "Escalate one level further" in text_of(tom.get(panel(incident), **HTMX))
