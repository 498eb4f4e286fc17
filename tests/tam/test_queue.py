"""The queue: who sees what in it, in which order, and how it stays fresh."""

import re
from datetime import datetime, timedelta
from html import unescape
from types import SimpleNamespace

import pytest

from accounts.models import Team
from incidents.actions.answering import accept, answer, decline, withdraw
from incidents.actions.deadlines import sweep
from incidents.actions.handing import hand_over, hand_to_team
from incidents.actions.responding import add_note, ask_customer, offer_solution, respond
from msa import clock
from tam.actions.escalations import escalate
from tam.models import Absence
from tam.queries import queue as queue_module
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# Queries: the person, the transaction (its two savepoints in tests) and its scope; and those by
# which the tests' client sees every customer again.
OF_MIDDLEWARE, OF_THE_CLIENT = 4, 2
OF_THE_SHELL = 1  # the counts of its navigation

CRITICAL = "product-crash-or-loss"  # severity 1: half an hour
HIGH = "product-malfunction"  # severity 2: four hours


class Screen:
    """What one person sees of the queue at given instants."""

    def __init__(self, client):
        self.client = client

    def open(self, query: str = "", at: datetime = MONDAY_NINE):
        with clock.at(at):
            response = self.client.get(f"/queue/{query}")
        assert response.status_code == 200
        return response

    def poll(self, query: str = "", at: datetime = MONDAY_NINE):
        with clock.at(at):
            return self.client.get(f"/queue/rows/{query}")

    def listed(self, query: str = "", at: datetime = MONDAY_NINE) -> list[str]:
        return references(self.open(query, at))


@pytest.fixture
def screen(cast, signed_in) -> Screen:
    return Screen(signed_in(cast.tom))


@pytest.fixture
def story(cast) -> SimpleNamespace:
    """Six incidents; at a quarter past twelve one is overdue, and one due in three quarters."""
    made = SimpleNamespace(at=MONDAY_NINE + 3 * HOUR + 15 * MINUTE)
    made.asked = cast.file(HIGH, MONDAY_NINE - 4 * DAY, title="Which version is supported")
    asked_at = MONDAY_NINE - 4 * DAY + HOUR
    ask_customer(incident=made.asked, actor=cast.tom, text="Which?", at=asked_at)
    made.working = cast.file(HIGH, MONDAY_NINE - 3 * DAY, title="Slow console")
    respond(incident=made.working, actor=cast.tom, text="Seen.", at=MONDAY_NINE - 3 * DAY + HOUR)
    made.urgent = cast.file(CRITICAL, MONDAY_NINE - 2 * DAY, title="Answered crash")
    respond(incident=made.urgent, actor=cast.tom, text="Seen.", at=MONDAY_NINE - 2 * DAY + MINUTE)
    made.late = cast.file(CRITICAL, MONDAY_NINE, title="Crash at the counter")
    made.later = cast.file(HIGH, MONDAY_NINE + HOUR, title="Half of the scans", by=cast.olga)
    made.sooner = cast.file(HIGH, MONDAY_NINE, title="Scans stop half-way")
    sweep(at=made.at)
    return made


def references(response) -> list[str]:
    return re.findall(r'class="queue-title" id="([^"]+)"', response.content.decode())


def tabs(response) -> dict[str, str]:
    found = re.findall(
        r'<a id="tab-\d+" href="([^"]+)"[^>]*>([^<]+?)(?: <b>(\d+)</b>)?</a>',
        response.content.decode(),
    )
    return {unescape(label): count for _url, label, count in found}


def key_figures(response) -> list[str]:
    return re.findall(r'class="kpi-value">([^<]+)', response.content.decode())


def attribute(response, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', response.content.decode())
    assert found
    return unescape(found[1])


def row(response, incident) -> str:
    rows: list[str] = re.findall(
        r"<tr data-reference=.*?</tr>", response.content.decode(), re.DOTALL
    )
    return next(html for html in rows if f'id="{incident.reference}"' in html)


def owner(response, incident) -> list[str]:
    """Return the names in a row's owner column, as they stand below each other."""
    found = re.search(r'class="queue-owner">(.*?)</td>', row(response, incident), re.DOTALL)
    assert found
    shown = re.sub(r'<span class="(avatar|visually-hidden).*?</span>', "", found[1])
    return re.findall(r"<(?:span|b|small)[^>]*>([^<]+)<", shown)


def test_overdue_then_deadlines_then_severity_then_the_customers_side(story, screen):
    assert screen.listed(at=story.at) == [
        story.late.reference,
        story.sooner.reference,
        story.later.reference,
        story.urgent.reference,
        story.working.reference,
        story.asked.reference,
    ]


def test_tabs_count_and_narrow(story, screen, cast):
    escalate(incident=story.working, actor=cast.alice, text="Hurry.", at=story.at)
    response = screen.open(at=story.at)
    assert tabs(response) == {
        "All": "6",
        "Mine": "6",
        "Overdue": "1",
        "Due within 1 h": "1",
        "Our move": "5",
        "Customer's move": "1",
        "Escalated": "1",
        "Closed": "",
    }
    assert screen.listed("?tab=overdue", story.at) == [story.late.reference]
    assert screen.listed("?tab=soon", story.at) == [story.sooner.reference]
    assert screen.listed("?tab=customers", story.at) == [story.asked.reference]
    escalated = screen.open("?tab=escalated", story.at)
    assert references(escalated) == [story.working.reference]
    assert '<span class="pill tone-hot">Level 1</span>' in row(escalated, story.working)
    assert len(screen.listed("?tab=ours", story.at)) == 5


def test_key_figures_are_those_of_all_that_one_sees(story, screen):
    everything = ["6", "1", "1", "1", "75"]
    assert key_figures(screen.open(at=story.at)) == everything
    assert key_figures(screen.open("?severity=4&tab=closed", story.at)) == everything
    assert "3 of 4" in screen.open(at=story.at).content.decode()


def test_answered_in_time_looks_back_thirty_days(story, screen):
    assert key_figures(screen.open(at=MONDAY_NINE + 27 * DAY))[4] == "66.6"
    assert key_figures(screen.open(at=MONDAY_NINE + 40 * DAY))[4] == "–"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?side=customer", ["asked"]),
        ("?side=vendor&severity=1", ["late", "urgent"]),
        ("?q=scans", ["sooner", "later"]),
        ("?q=SCANS+globex", ["later"]),
        ("?q=MSA-2", ["later"]),
        ("?q=endpoint+olga", ["later"]),
        ("?q=erik", []),
        ("?tab=soon&q=console", []),
    ],
)
def test_filters(story, screen, query, names):
    assert screen.listed(query, story.at) == [getattr(story, name).reference for name in names]


def test_filter_by_customer(story, screen, cast):
    response = screen.open(f"?customer={cast.globex.pk}", story.at)
    assert references(response) == [story.later.reference]
    assert tabs(response)["All"] == "1"


def test_filters_in_use_can_be_taken_off_one_by_one(story, screen, cast):
    html = screen.open(f"?severity=1&customer={cast.acme.pk}&q=crash", story.at).content.decode()
    assert f'href="/queue/?customer={cast.acme.pk}&amp;q=crash"' in html
    assert 'href="/queue/?severity=1&amp;q=crash"' in html
    assert f'href="/queue/?severity=1&amp;customer={cast.acme.pk}"' in html


@pytest.mark.parametrize(
    "query",
    [
        "?tab=nonsense&side=both&severity=9",
        "?severity=%C2%B2",
        "?customer=999999",
        "?customer=99999999999999999999999999",
        "?customer=-1&page=nonsense",
        "?page=99999",
        "?q=" + "%20" * 50,
        "?utm=x&tab=all&tab=",
    ],
)
def test_what_the_address_says_wrongly_is_passed_over(story, screen, query):
    assert len(screen.listed(query, story.at)) == 6
    assert screen.poll(query, story.at).status_code == 200


def test_a_whole_reference_leads_to_the_incident(story, screen, cast, signed_in):
    reference = story.later.reference
    with clock.at(story.at):
        found = screen.client.get("/queue/", {"q": f" {reference.lower()} "})
        hidden = signed_in(cast.erik).get("/queue/", {"q": reference})
    assert (found.status_code, found.url) == (302, f"/incidents/{reference}/")
    assert hidden.status_code == 200
    assert references(hidden) == []


def test_nothing_found_offers_the_closed_ones(story, screen, cast):
    withdraw(incident=story.sooner, actor=cast.alice, text="", at=story.at)
    response = screen.open("?q=half-way", story.at)
    assert "Nothing open matches" in response.content.decode()
    assert 'href="/queue/?tab=closed&amp;q=half-way"' in response.content.decode()
    assert screen.listed("?tab=closed&q=half-way", story.at) == [story.sooner.reference]


def test_closed_ones_come_latest_first_with_their_reason(story, screen, cast):
    withdraw(incident=story.sooner, actor=cast.alice, text="", at=story.at)
    offer_solution(incident=story.working, actor=cast.tom, text="Do this.", at=story.at)
    accept(incident=story.working, actor=cast.alice, text="", at=story.at + MINUTE)
    response = screen.open("?tab=closed", story.at + HOUR)
    assert references(response) == [story.working.reference, story.sooner.reference]
    assert "<small>Solved</small>" in row(response, story.working)
    assert "<small>Withdrawn</small>" in row(response, story.sooner)
    assert key_figures(response)[0] == "4"


def test_who_sees_what(story, cast, signed_in):
    hand_over(story.late, [cast.erik], story.at)
    seen = {
        name: len(Screen(signed_in(getattr(cast, name))).listed(at=story.at))
        for name in ("tom", "tess", "dana", "hanna", "erik", "bruno", "ada")
    }
    assert seen == {
        "tom": 6, "tess": 5, "dana": 6, "hanna": 6, "erik": 1, "bruno": 0, "ada": 6,
    }  # fmt: skip


@pytest.mark.parametrize("query", ["?tab=mine", "?owner=me"])
def test_mine_are_my_certificates_and_what_is_handed_to_me(story, cast, signed_in, query):
    lab = Team.objects.create(name="Lab")
    lab.members.add(cast.hanna)
    hand_over(story.late, [cast.hanna], story.at)
    hand_to_team(story.later, lab, story.at)
    mine = Screen(signed_in(cast.hanna)).listed(query, story.at)
    assert mine == [story.late.reference, story.later.reference]
    assert len(Screen(signed_in(cast.tom)).listed(query, story.at)) == 6


@pytest.mark.parametrize("query", ["?tab=mine", "?owner=me"])
def test_what_i_deputise_is_mine_while_its_manager_is_absent(story, cast, signed_in, query):
    tess = Screen(signed_in(cast.tess))
    assert tess.listed(query, story.at) == []
    Absence.objects.create(person=cast.tom, starts_at=story.at, ends_at=story.at + HOUR)
    assert len(tess.listed(query, story.at)) == 5
    assert tess.listed(query, story.at + HOUR) == []


@pytest.mark.parametrize("query", ["?tab=mine", "?owner=me"])
def test_a_duty_manager_s_own_are_those_whose_turn_is_theirs(story, cast, signed_in, query):
    dana = Screen(signed_in(cast.dana))
    closed_at = story.at + 6 * HOUR  # 18:15 in Paris
    assert dana.listed(query, story.at) == []
    assert len(dana.listed(query, closed_at)) == 6
    Absence.objects.create(person=cast.tom, starts_at=story.at, ends_at=story.at + HOUR)
    assert dana.listed(query, story.at) == [story.later.reference]  # Globex names no deputy


def test_a_duty_manager_s_list_is_new_when_the_office_closes(cast, signed_in):
    cast.file()
    dana, closes_at = Screen(signed_in(cast.dana)), MONDAY_NINE + 9 * HOUR
    page = dana.open("?tab=mine", closes_at - 2 * MINUTE)
    assert tabs(page)["Mine"] == "0"
    poll = f"?tab=mine&v={attribute(page, 'data-version')}"
    assert dana.poll(poll, closes_at - SECOND).status_code == 204
    assert tabs(dana.poll(poll, closes_at))["Mine"] == "1"


def test_for_customers_there_is_no_queue(cast, signed_in, client):
    contact = signed_in(cast.alice)
    assert contact.get("/queue/").status_code == 404
    assert contact.get("/queue/rows/").status_code == 404
    assert client.get("/queue/").status_code == 302
    assert client.get("/queue/rows/").status_code == 302


def test_it_is_only_read(screen):
    assert screen.client.post("/queue/").status_code == 405
    assert screen.client.post("/queue/rows/").status_code == 405


@pytest.mark.parametrize(
    ("person", "words"),
    [("tom", "Nothing is open"), ("erik", "Nothing is with you"), ("bruno", "Nothing is with you")],
)
def test_an_empty_queue_says_so(cast, signed_in, person, words):
    response = Screen(signed_in(getattr(cast, person))).open()
    assert words in response.content.decode()
    assert key_figures(response) == ["0", "0", "0", "0", "–"]


def test_overdue_is_what_passed_its_due_time_swept_or_not(cast, screen):
    cast.file(CRITICAL)  # due at 9:30, and nothing sweeps here
    due_at = MONDAY_NINE + 30 * MINUTE
    before = tabs(screen.open(at=due_at))
    assert (before["Overdue"], before["Due within 1 h"]) == ("0", "1")
    after = screen.open(at=due_at + timedelta(seconds=1))
    assert (tabs(after)["Overdue"], tabs(after)["Due within 1 h"]) == ("1", "0")
    assert "<title>(1) Queue · Northlight</title>" in after.content.decode()
    assert 'class="clock clock-row is-breached"' in after.content.decode()


def test_a_row_counts_down_to_its_due_time(cast, screen):
    incident = cast.file(CRITICAL, title="<b>Crash</b>")
    html = row(screen.open(at=MONDAY_NINE + 10 * MINUTE), incident)
    assert 'data-starts-at="2026-03-02T08:00:00+00:00"' in html
    assert 'data-due-at="2026-03-02T08:30:00+00:00"' in html
    assert 'class="clock clock-row is-ok"' in html
    assert f'href="/incidents/{incident.reference}/"' in html
    assert "&lt;b&gt;Crash&lt;/b&gt;" in html
    assert "Northlight Endpoint 12.4" in html
    assert "10 minutes ago" in html


def test_on_the_customers_side_a_row_tells_when_it_closes(story, screen):
    html = row(screen.open(at=story.at), story.asked)
    assert 'datetime="2026-03-26T09:00:00+00:00"' in html
    assert "without a reply" in html
    assert "sla-clock" not in html


def test_the_owner_is_who_has_it_else_who_is_responsible_now(cast, screen):
    incident = cast.file()
    closed_at = MONDAY_NINE + 10 * HOUR
    assert owner(screen.open(), incident) == ["Tom"]
    assert owner(screen.open(at=closed_at), incident) == ["Dana", "Tom"]
    Absence.objects.create(person=cast.tom, starts_at=MONDAY_NINE, ends_at=MONDAY_NINE + HOUR)
    assert owner(screen.open(), incident) == ["Tess", "Tom"]
    assert owner(screen.open(at=MONDAY_NINE + HOUR), incident) == ["Tom"]
    hand_over(incident, [cast.erik], MONDAY_NINE)
    assert owner(screen.open(at=closed_at), incident) == ["Erik", "Tom"]


def test_where_nobody_is_responsible_the_row_says_so(cast, screen):
    incident = cast.file()
    cast.dana.shifts.all().delete()
    night = screen.open(at=MONDAY_NINE + 10 * HOUR)
    assert owner(night, incident) == ["Nobody", "Tom"]
    assert '<b class="queue-nobody">Nobody</b>' in row(night, incident)
    withdraw(incident=incident, actor=cast.alice, text="", at=MONDAY_NINE + 10 * HOUR)
    closed = screen.open("?tab=closed", MONDAY_NINE + 11 * HOUR)
    assert owner(closed, incident) == ["Tom"]


def test_a_poll_answers_204_until_something_changes(story, screen, cast):
    page = screen.open(at=story.at)
    poll = f"?v={attribute(page, 'data-version')}"
    assert attribute(page, "data-poll") == "/queue/rows/"
    assert screen.poll(poll, story.at).status_code == 204

    add_note(incident=story.later, actor=cast.tom, text="Look at the log.", at=story.at)
    changed = screen.poll(poll, story.at)
    assert changed.status_code == 200
    assert len(references(changed)) == 6
    assert 'id="announce"' not in changed.content.decode()
    again = f"?v={attribute(changed, 'data-version')}"
    assert screen.poll(again, story.at).status_code == 204


def test_a_poll_brings_what_came_in_and_announces_it(story, screen, cast):
    poll = f"?v={attribute(screen.open(at=story.at), 'data-version')}"
    incident = cast.file(CRITICAL, story.at, title="Tills & scales", by=cast.olga)
    changed = screen.poll(poll, story.at + timedelta(seconds=15))
    html = changed.content.decode()
    assert references(changed)[1] == incident.reference
    assert 'data-due-at="2026-03-02T11:45:00+00:00"' in row(changed, incident)
    assert 'id="announce" hx-swap-oob="innerHTML">New: Critical, Tills &amp; scales, Globex' in html
    assert "<title>(1) Queue · Northlight</title>" in html
    assert html.count("data-poll=") == 1


def test_several_arrivals_are_announced_together(cast, screen):
    poll = f"?v={attribute(screen.open(), 'data-version')}"
    cast.file()
    cast.file()
    assert "2 new incidents</div>" in screen.poll(poll).content.decode()


@pytest.mark.parametrize(
    "version", ["", "x", "-", "9" * 5000 + "-a", "1-2-3-a", "1-2-3-4-5-a", "--1-2-3-a"]
)
def test_a_version_that_is_none_brings_the_list_without_news(story, screen, version):
    changed = screen.poll(f"?v={version}", story.at)
    assert len(references(changed)) == 6
    assert 'id="announce"' not in changed.content.decode()


def test_the_list_is_new_when_one_is_due_soon_and_when_it_is_overdue(cast, screen):
    cast.file(HIGH)  # due at 13:00
    poll = f"?v={attribute(screen.open(), 'data-version')}"
    assert screen.poll(poll, MONDAY_NINE + 3 * HOUR - SECOND).status_code == 204
    soon = screen.poll(poll, MONDAY_NINE + 3 * HOUR)
    assert soon.status_code == 200
    poll = f"?v={attribute(soon, 'data-version')}"
    assert screen.poll(poll, MONDAY_NINE + 4 * HOUR).status_code == 204
    assert screen.poll(poll, MONDAY_NINE + 4 * HOUR + SECOND).status_code == 200


def test_the_list_is_new_when_its_owner_is_absent_and_back(cast, screen):
    cast.file()
    away, back = MONDAY_NINE + 2 * MINUTE, MONDAY_NINE + 4 * MINUTE
    Absence.objects.create(person=cast.tom, starts_at=away, ends_at=back)
    page = screen.open(at=MONDAY_NINE + MINUTE)
    assert "Tom</span>" in page.content.decode()
    poll = f"?v={attribute(page, 'data-version')}"
    assert screen.poll(poll, away - SECOND).status_code == 204
    changed = screen.poll(poll, away)
    assert "Tess</span>" in changed.content.decode()
    poll = f"?v={attribute(changed, 'data-version')}"
    assert screen.poll(poll, back - SECOND).status_code == 204
    assert "Tom</span>" in screen.poll(poll, back).content.decode()


def test_the_list_is_new_when_the_office_closes_and_opens(cast, screen):
    cast.file()
    for edge, before, after in (
        (MONDAY_NINE + 9 * HOUR, "Tom</span>", "Dana</span>"),
        (MONDAY_NINE + DAY, "Dana</span>", "Tom</span>"),
    ):
        page = screen.open(at=edge - 2 * MINUTE)
        assert before in page.content.decode()
        poll = f"?v={attribute(page, 'data-version')}"
        assert screen.poll(poll, edge - SECOND).status_code == 204
        assert after in screen.poll(poll, edge).content.decode()


def test_a_poll_announces_what_customers_wrote(story, screen, cast):
    poll = f"?v={attribute(screen.open(at=story.at), 'data-version')}"
    add_note(incident=story.later, actor=cast.tom, text="Look at the log.", at=story.at)
    answer(incident=story.asked, actor=cast.alice, text="It is 12.4.", at=story.at)
    said = 'hx-swap-oob="innerHTML">The customer wrote: Which version is supported, Acme</div>'
    assert said in screen.poll(poll, story.at + MINUTE).content.decode()
    offer_solution(incident=story.working, actor=cast.tom, text="Do this.", at=story.at)
    decline(incident=story.working, actor=cast.alice, text="It does not help.", at=story.at)
    several = screen.poll(poll, story.at + MINUTE).content.decode()
    assert 'innerHTML">Customers wrote in 2 incidents</div>' in several


def test_the_poll_keeps_tab_filters_and_page(story, screen, cast, monkeypatch):
    monkeypatch.setattr(queue_module, "ROWS", 2)
    query = f"?tab=ours&side=vendor&customer={cast.acme.pk}&page=2"
    page = screen.open(query, story.at)
    assert references(page) == [story.urgent.reference, story.working.reference]
    assert attribute(page, "data-poll") == f"/queue/rows/{query}"
    changed = screen.poll(f"{query}&v=0-x", story.at)
    assert references(changed) == references(page)
    assert f'href="?tab=ours&amp;side=vendor&amp;customer={cast.acme.pk}&amp;page=1"' in (
        changed.content.decode()
    )


def test_paging_leads_through_every_row_once(story, screen, monkeypatch):
    whole = screen.listed(at=story.at)
    monkeypatch.setattr(queue_module, "ROWS", 4)
    first, second = screen.open(at=story.at), screen.open("?page=2", story.at)
    assert references(first) + references(second) == whole
    assert "1–4 of 6" in first.content.decode()
    assert "5–6 of 6" in second.content.decode()


def test_paging_ends_where_it_would_cost_too_much(story, screen, monkeypatch):
    monkeypatch.setattr(queue_module, "ROWS", 2)
    monkeypatch.setattr(queue_module, "ROWS_REACHED", 4)
    last = screen.open("?page=3", story.at)
    assert "3–4 of 4" in last.content.decode()
    assert tabs(last)["All"] == "6"


@pytest.mark.parametrize(
    ("address", "queries"), [("/queue/", 14 + OF_THE_SHELL), ("/queue/rows/?v=0-x", 12)]
)
def test_more_rows_cost_no_more_queries(cast, screen, django_assert_num_queries, address, queries):
    for expected in (1, 3):
        while len(screen.listed()) < expected:
            cast.file()
        with (
            clock.at(MONDAY_NINE),
            django_assert_num_queries(OF_MIDDLEWARE + queries + OF_THE_CLIENT),
        ):
            screen.client.get(address)


def test_an_unchanged_poll_costs_one_query_of_its_own(story, screen, django_assert_num_queries):
    at = story.at + 2 * MINUTE
    poll = f"?v={attribute(screen.open(at=at), 'data-version')}"
    with django_assert_num_queries(OF_MIDDLEWARE + 1 + OF_THE_CLIENT):
        assert screen.poll(poll, at + MINUTE).status_code == 204


def test_a_poll_that_had_to_look_names_the_version_that_holds_now(story, screen, cast):
    at = story.at + 2 * MINUTE
    only = "q=counter"
    poll = f"?v={attribute(screen.open(f'?{only}', at), 'data-version')}&{only}"
    add_note(incident=story.later, actor=cast.tom, text="Look at the log.", at=at)
    looked = screen.poll(poll, at + 2 * MINUTE)
    assert looked.status_code == 204
    newer = looked.headers["X-Version"]
    assert newer != poll.partition("=")[2].partition("&")[0]
    at_once = screen.poll(f"?v={newer}&{only}", at + 2 * MINUTE)
    assert (at_once.status_code, at_once.headers.get("X-Version")) == (204, None)


def test_what_no_journal_tells_is_looked_after_in_five_minutes(story, screen, cast):
    at = story.at + 2 * MINUTE
    poll = f"?v={attribute(screen.open(at=at), 'data-version')}"
    cast.tom.name = "Thomas"
    cast.tom.save()
    assert screen.poll(poll, at + 4 * MINUTE).status_code == 204
    assert "Thomas</span>" in screen.poll(poll, at + 5 * MINUTE).content.decode()


def test_the_next_thing_to_do_is_the_first_that_waits_for_us(cast, story, screen):
    with clock.at(story.at):
        answer = screen.client.get(f"/queue/next/?after={story.late.reference}")
    assert (answer.status_code, answer.url) == (302, f"/incidents/{story.sooner.reference}/")


def test_with_nothing_else_to_do_one_is_back_at_the_queue(cast, screen):
    only = cast.file()
    with clock.at(MONDAY_NINE):
        answer = screen.client.get(f"/queue/next/?after={only.reference}", follow=True)
    assert answer.redirect_chain == [("/queue/", 302)]
    assert "Nothing else waits for us." in answer.content.decode()


def test_who_sends_a_reply_can_go_on_to_the_next(cast, screen):
    first, second = cast.file(HIGH), cast.file(HIGH, title="Another")
    reply = {"kind": "response", "text": "Seen.", "qualified": "on", "next": "queue"}
    with clock.at(MONDAY_NINE + MINUTE):
        answer = screen.client.post(f"/incidents/{first.reference}/messages/", reply, follow=True)
    assert [url for url, _status in answer.redirect_chain] == [
        f"/queue/next/?after={first.reference}",
        f"/incidents/{second.reference}/",
    ]
