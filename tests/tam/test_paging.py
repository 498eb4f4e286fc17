"""Pages: which events wake whom, how often, and what ends them (SPEC 7.4, 10)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest

from accounts.actions import offices
from accounts.errors import Conflict, NotAllowed
from accounts.models import DutyShift, Office, Role, User
from accounts.tenancy import set_scope
from incidents.access import Verb, get_incident
from incidents.actions import answering, responding
from incidents.actions.deadlines import fire_earlier_than, sweep
from incidents.models import Incident, JournalEntry
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tam.actions import paging
from tam.actions.escalations import escalate
from tam.models import Absence, Page
from tam.queries.paging import open_for, paged_by
from tests.conftest import MONDAY_NINE, Cast

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NIGHT = MONDAY_NINE + 18 * HOUR  # Tuesday 03:00 in Paris
NOON = MONDAY_NINE + 3 * HOUR
CRITICAL, HIGH, MEDIUM = "product-network-down", "product-malfunction", "service-request"


def deliver() -> None:
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))


def pages() -> list[tuple[str, str, int]]:
    """Return who was paged, why and how often, in order."""
    deliver()
    return [
        (page.person.name, page.cause, page.times)
        for page in Page.objects.select_related("person").order_by("pk")
    ]


def mailed() -> list[tuple[str, str]]:
    deliver()
    found = Email.objects.filter(dedupe_key__startswith="page-").order_by("pk")
    sent = [(mail.to_name, mail.subject.partition(" [")[0]) for mail in found]
    found.delete()
    return sent


def act(action: Callable[..., object], who: str, **words: object) -> Callable[..., None]:
    def acts(cast: Cast, incident: Incident, at: datetime) -> None:
        action(incident=incident, actor=getattr(cast, who), text="Words.", at=at, **words)

    return acts


def reopen(cast: Cast, incident: Incident, at: datetime) -> None:
    answering.withdraw(incident=incident, actor=cast.alice, text="", at=at)
    answering.reopen(incident=incident, actor=cast.alice, text="Again.", at=at)


RAISE = act(responding.change_severity, "tom", severity=1)
LOWER = act(responding.change_severity, "tom", severity=3)


@pytest.mark.parametrize(
    ("category", "at", "who", "expected"),
    [
        (CRITICAL, NIGHT, "alice", [("Dana", "filed", 1)]),
        (HIGH, NIGHT, "alice", [("Dana", "filed", 1)]),
        (MEDIUM, NIGHT, "alice", []),
        (CRITICAL, NOON, "alice", []),
    ],
)
def test_what_is_filed_at_night_pages_by_severity(cast: Cast, category, at, who, expected):
    cast.file(category, at, by=getattr(cast, who))
    assert pages() == expected


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (RAISE, [("Dana", "raised", 1)]),
        (LOWER, []),
        (act(responding.respond, "tom"), []),
        (act(escalate, "alice"), [("Dana", "escalated", 1)]),
        (act(escalate, "dana"), []),
        (reopen, [("Dana", "reopened", 1)]),
    ],
)
def test_what_happens_at_night_to_an_incident_of_the_day(cast: Cast, happens, expected):
    incident = cast.file(at=MONDAY_NINE)
    responding.respond(
        incident=incident, actor=cast.tom, text="We look into it.", at=MONDAY_NINE + HOUR
    )
    happens(cast, incident, NIGHT)
    assert pages() == expected


@pytest.mark.parametrize(
    ("happens", "expected"),
    [(act(escalate, "alice"), [("Dana", "escalated", 1)]), (reopen, [("Dana", "reopened", 1)])],
)
def test_the_severity_of_the_event_counts_though_it_is_told_later(cast: Cast, happens, expected):
    """Page and mail agree on whom the page reaches, whichever is written first."""
    incident = cast.file(at=MONDAY_NINE)
    responding.respond(
        incident=incident, actor=cast.tom, text="We look into it.", at=MONDAY_NINE + HOUR
    )
    deliver()
    happens(cast, incident, NIGHT)
    LOWER(cast, incident, NIGHT + MINUTE)
    act(responding.change_severity, "dana", severity=4)(cast, incident, NIGHT + 2 * MINUTE)
    assert pages() == expected


def test_what_was_not_severe_then_pages_nobody_though_it_is_now(cast: Cast):
    incident = cast.file(MEDIUM, MONDAY_NINE)
    responding.respond(incident=incident, actor=cast.tom, text="Words.", at=MONDAY_NINE + HOUR)
    act(escalate, "alice")(cast, incident, NIGHT)
    act(responding.change_severity, "tom", severity=2)(cast, incident, NIGHT + MINUTE)
    assert pages() == [("Dana", "raised", 1)]


def test_a_breach_pages_once_and_its_escalation_does_not_page_again(cast: Cast):
    incident = cast.file(at=MONDAY_NINE + 6 * HOUR)  # 15:00; due at 19:00
    fire_earlier_than(NIGHT)
    assert pages() == [("Dana", "breached", 1)]
    assert Page.objects.get().paged_at == MONDAY_NINE + 10 * HOUR
    assert incident.escalations.count() == 1
    deliver()
    paging.page(entry_id=Page.objects.get().entry_id)
    assert pages() == [("Dana", "breached", 1)]


@pytest.mark.parametrize(
    ("away", "expected"),
    [
        (["tom"], []),
        (["tom", "tess"], [("Dana", "filed", 1)]),
        (["tom", "tess", "dana"], [("Hanna", "filed", 1)]),
    ],
)
def test_in_office_hours_it_pages_only_where_nobody_manages_the_account(cast: Cast, away, expected):
    for name in away:
        Absence.objects.create(
            person=getattr(cast, name), starts_at=MONDAY_NINE, ends_at=MONDAY_NINE + 9 * HOUR
        )
    cast.file(CRITICAL, NOON)
    assert pages() == expected


def test_with_nobody_on_duty_the_heads_are_paged_at_once(cast: Cast):
    DutyShift.objects.all().delete()
    cast.file(CRITICAL, NIGHT)
    assert pages() == [("Hanna", "filed", 1)]
    mail = Email.objects.get(dedupe_key__startswith="page-")
    assert "because nobody is on duty for the office Paris." in mail.text.replace("\n", " ")


def test_a_head_of_another_office_who_is_paged_sees_the_incident(cast: Cast):
    DutyShift.objects.all().delete()
    lyon = Office.objects.create(name="Lyon", timezone="Europe/Paris", week=cast.office.week)
    User.objects.filter(pk=cast.hanna.pk).update(office=lyon)
    incident = cast.file(CRITICAL, NIGHT)
    assert pages() == [("Hanna", "filed", 1)]
    hanna = User.objects.get(pk=cast.hanna.pk)
    assert get_incident(hanna, incident.reference, Verb.RESPOND, NIGHT) == incident


def test_an_event_that_is_noticed_in_the_morning_pages_nobody(cast: Cast):
    incident = cast.file(at=MONDAY_NINE + 6 * HOUR)
    assert sweep(at=MONDAY_NINE + 25 * HOUR) > 0
    assert incident.escalations.count() == 0
    assert pages() == []


def test_severity_one_is_paged_again_after_five_minutes_others_after_fifteen(cast: Cast):
    cast.file(CRITICAL, NIGHT, title="Critical")
    cast.file(HIGH, NIGHT, title="High")
    assert mailed() == [("Dana", "Page: New incident")] * 2
    again = "Page, 2 of 6: New incident"
    assert paging.repeat(at=NIGHT + 5 * MINUTE - timedelta(seconds=1)) == 0
    assert paging.repeat(at=NIGHT + 5 * MINUTE) == 1
    assert mailed() == [("Dana", again), ("Hanna", again)]
    assert paging.repeat(at=NIGHT + 5 * MINUTE) == 0
    assert paging.repeat(at=NIGHT + 15 * MINUTE) == 2
    third = "Page, 3 of 6: New incident"
    assert mailed() == [("Dana", third), ("Hanna", third), ("Dana", again), ("Hanna", again)]


def test_the_next_shift_is_paged_instead_and_in_the_morning_the_account_manager(cast: Cast):
    DutyShift.objects.all().delete()
    opening = MONDAY_NINE + 24 * HOUR
    User.objects.filter(pk=cast.erik.pk).update(role=Role.DUTY_MANAGER)
    cast.erik.refresh_from_db()
    plan = partial(offices.plan_shift, office=cast.office)
    plan(person=cast.dana, starts_at=NIGHT, ends_at=opening - 10 * MINUTE)
    plan(person=cast.erik, starts_at=opening - 10 * MINUTE, ends_at=opening + HOUR)
    cast.file(CRITICAL, opening - 12 * MINUTE)
    assert mailed() == [("Dana", "Page: New incident")]
    paging.repeat(at=opening - 7 * MINUTE)
    second = "Page, 2 of 6: New incident"
    assert mailed() == [("Erik", second), ("Hanna", second)]
    paging.repeat(at=opening)
    third = "Page, 3 of 6: New incident"
    assert sorted(mailed()) == [("Hanna", third), ("Tom", third)]


def test_a_later_event_takes_over_the_repeating(cast: Cast):
    incident = cast.file(HIGH, NIGHT)
    act(responding.change_severity, "hanna", severity=1)(cast, incident, NIGHT + 5 * MINUTE)
    assert mailed() == [("Dana", "Page: New incident"), ("Dana", "Page: Severity raised")]
    assert list(Page.objects.order_by("pk").values_list("cause", "repeat_at")) == [
        ("filed", None),
        ("raised", NIGHT + 10 * MINUTE),
    ]
    assert paging.repeat(at=NIGHT + 16 * MINUTE) == 1
    second = "Page, 2 of 6: Severity raised"
    assert mailed() == [("Dana", second), ("Hanna", second)]


@pytest.mark.parametrize("who", ["dana", "tom", "tess"])
def test_an_act_of_who_is_in_charge_ends_it(cast: Cast, who):
    incident = cast.file(CRITICAL, NIGHT)
    deliver()
    responding.add_note(
        incident=incident, actor=getattr(cast, who), text="I am on it.", at=NIGHT + MINUTE
    )
    deliver()
    taken = Page.objects.get()
    assert (taken.acknowledged_by, taken.acknowledged_at, taken.repeat_at) == (
        getattr(cast, who),
        NIGHT + MINUTE,
        None,
    )


def test_other_peoples_acts_do_not_end_it(cast: Cast):
    incident = cast.file(CRITICAL, NIGHT)
    deliver()
    responding.add_note(incident=incident, actor=cast.erik, text="Hm.", at=NIGHT + MINUTE)
    answering.answer(incident=incident, actor=cast.bob, text="Hello?", at=NIGHT + 2 * MINUTE)
    assert pages() == [("Dana", "filed", 1)]
    assert paging.repeat(at=NIGHT + 5 * MINUTE) == 1


def test_an_act_whose_message_has_not_come_yet_ends_it_all_the_same(cast: Cast):
    incident = cast.file(CRITICAL, NIGHT)
    deliver()
    responding.add_note(incident=incident, actor=cast.dana, text="On it.", at=NIGHT + MINUTE)
    assert paging.repeat(at=NIGHT + 5 * MINUTE) == 0
    assert Page.objects.get().acknowledged_by == cast.dana


def test_what_is_closed_or_a_day_old_is_not_repeated(cast: Cast):
    closed = cast.file(CRITICAL, NIGHT)
    cast.file(CRITICAL, NIGHT + MINUTE)
    deliver()
    answering.withdraw(incident=closed, actor=cast.alice, text="", at=NIGHT + 2 * MINUTE)
    assert paging.repeat(at=NIGHT + 25 * HOUR) == 0
    assert list(Page.objects.values_list("repeat_at", flat=True)) == [None, None]
    assert open_for(cast.dana).count() == 1


def test_one_acknowledges_for_all(cast: Cast):
    incident = cast.file(CRITICAL, NIGHT)
    deliver()
    paging.repeat(at=NIGHT + 5 * MINUTE)
    take = partial(paging.acknowledge, incident=incident, at=NIGHT + 6 * MINUTE)
    with pytest.raises(NotAllowed):
        take(actor=cast.tom)
    assert (take(actor=cast.dana), take(actor=cast.dana)) == (2, 0)
    with pytest.raises(Conflict, match="Dana has acknowledged it already"):
        take(actor=cast.hanna)
    assert list(open_for(cast.hanna)) == []
    assert paging.repeat(at=NIGHT + HOUR) == 0


def test_a_page_that_is_taken_up_before_it_is_written_is_not_sent(cast: Cast):
    incident = cast.file(CRITICAL, NIGHT)
    paging.page(entry_id=JournalEntry.objects.get(kind="filed").pk)
    paging.acknowledge(incident=incident, actor=cast.dana, at=NIGHT)
    assert mailed() == []


def test_the_mail_says_what_it_is_in_the_readers_language(cast: Cast):
    User.objects.filter(pk=cast.dana.pk).update(language="en")
    cast.file(CRITICAL, NIGHT, title="Network down")
    deliver()
    mail = Email.objects.get(dedupe_key__startswith="page-")
    assert (mail.subject, mail.urgent) == (
        "Page: New incident [INC-2026-000001] Network down",
        True,
    )
    assert "Alice of Acme has an incident that cannot wait." in mail.text
    assert "/pages/" in mail.text
    assert "You get this page because you are on duty for the office Paris." in mail.text


def test_the_rule_names_who_gets_no_ordinary_mail(cast: Cast):
    cast.file(CRITICAL, NIGHT)
    paged = paged_by(JournalEntry.objects.get(kind="filed"))
    assert paged is not None
    assert (paged.cause, paged.people) == (Page.Cause.FILED, (cast.dana,))


# The page of pages.


@pytest.fixture
def night():
    with clock.at(NIGHT + 2 * MINUTE):
        yield


@pytest.fixture
def incident(cast: Cast, night) -> Incident:
    filed = cast.file(CRITICAL, NIGHT, title="Network down")
    deliver()
    return filed


def test_who_reads_which_pages(cast: Cast, signed_in, incident):
    people = ["alice", "erik", "tom", "dana", "hanna", "bruno", "ada"]
    found = {}
    for name in people:
        answer = signed_in(getattr(cast, name)).get("/pages/")
        found[name] = answer.status_code, "Network down" in answer.content.decode()
    assert found == {
        "alice": (404, False),
        "erik": (200, False),
        "tom": (200, False),
        "dana": (200, True),
        "hanna": (200, True),
        "bruno": (200, False),
        "ada": (200, True),
    }


@pytest.mark.parametrize(
    ("who", "status"),
    [("alice", 404), ("erik", 404), ("tom", 404), ("hanna", 403), ("ada", 403), ("dana", 302)],
)
def test_who_may_acknowledge(cast: Cast, signed_in, incident, who, status):
    path = f"/pages/{Page.objects.get().pk}/acknowledgement/"
    assert signed_in(getattr(cast, who)).post(path).status_code == status
    assert (Page.objects.get().acknowledged_at is not None) == (status == 302)


def test_acknowledging_what_a_colleague_has_says_so(cast: Cast, signed_in, incident):
    paging.repeat(at=NIGHT + 5 * MINUTE)
    page = Page.objects.get(person=cast.hanna)
    paging.acknowledge(incident=incident, actor=cast.dana, at=NIGHT + 6 * MINUTE)
    with clock.at(NIGHT + 7 * MINUTE):
        path = f"/pages/{page.pk}/acknowledgement/"
        shown = signed_in(cast.hanna).post(path, follow=True).content.decode()
    assert "Dana has acknowledged it already." in shown


def test_off_shift_the_history_tells_no_titles(cast: Cast, signed_in, incident):
    paging.acknowledge(incident=incident, actor=cast.dana, at=NIGHT + MINUTE)
    DutyShift.objects.all().delete()
    shown = signed_in(cast.dana).get("/pages/").content.decode()
    assert ("Network down" in shown, incident.reference in shown) == (False, True)


def test_more_pages_cost_no_more_queries(
    cast: Cast, signed_in, incident, django_assert_max_num_queries
):
    dana = signed_in(cast.dana)
    dana.get("/pages/")
    with django_assert_max_num_queries(30) as before:
        dana.get("/pages/")
    for _n in range(2):
        cast.file(CRITICAL, NIGHT)
    deliver()
    with django_assert_max_num_queries(30) as after:
        dana.get("/pages/")
    assert len(after) == len(before)


def test_how_often_of_how_many_times_is_said(cast: Cast, signed_in, incident):
    paging.repeat(at=NIGHT + 5 * MINUTE)
    with clock.at(NIGHT + 6 * MINUTE):
        shown = signed_in(cast.dana).get("/pages/").content.decode()
    assert "2 of at most 6 times" in shown
