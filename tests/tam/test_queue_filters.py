"""The queue's filters: what each leaves, how they stand in the address, and what one may choose."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Team
from incidents.actions.handing import hand_over, hand_to_team
from msa import clock
from tam.actions.escalations import escalate
from tam.models import Absence
from tests.conftest import MONDAY_NINE
from tests.tam.test_queue import (
    HOUR,
    OF_MIDDLEWARE,
    OF_THE_CLIENT,
    OF_THE_SHELL,
    Screen,
    references,
    screen,
    story,
)

__all__ = ["screen", "story"]  # fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Team:
    return Team.objects.create(name="Lab")


def named(story, listed: list[str]) -> list[str]:
    names = {getattr(story, name).reference: name for name in vars(story) if name != "at"}
    return [names[reference] for reference in listed]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?severity=1&severity=2&side=customer", ["asked"]),
        ("?severity=1&severity=9", ["late", "urgent"]),
        ("?state=in_progress", ["urgent", "working"]),
        ("?state=closed&severity=1", ["late", "urgent"]),
        ("?due=1h", ["sooner"]),
        ("?due=4h", ["sooner", "later"]),
        ("?due=5h&severity=1", ["late", "urgent"]),
        ("?kind=malware", []),
        ("?kind=product&q=crash", ["late", "urgent"]),
        ("?escalated=1", []),
        ("?q=inc-2026-00000&severity=1", ["late", "urgent"]),
        ("?q=-000001", ["asked"]),
        ("?q=half+acme", ["sooner"]),
        ("?q=%25", []),
        ("?owner=nobody&q=scans", ["sooner"]),
        ("?owner=me", ["late", "sooner", "later", "urgent", "working", "asked"]),
    ],
)
def test_what_each_filter_leaves(story, screen, cast, query, names):
    hand_over(story.later, [cast.erik], story.at)
    found = screen.open(query, story.at)
    assert named(story, references(found)) == names


def test_a_whole_reference_in_lower_case_leads_there(story, screen):
    with clock.at(story.at):
        found = screen.client.get("/queue/?q=inc-2026-000001")
    assert found.url == "/incidents/INC-2026-000001/"


def test_filters_by_rows_of_ours(story, screen, cast, lab):
    hand_to_team(story.urgent, lab, story.at)
    for query, names in (
        (f"?customer={cast.globex.pk}", ["later"]),
        (f"?certificate={cast.globex_certificate.pk}", ["later"]),
        (f"?team={lab.pk}", ["urgent"]),
        (f"?product={cast.product.pk}&team={lab.pk}", ["urgent"]),
    ):
        assert named(story, screen.listed(query, story.at)) == names


def test_the_owner_is_who_has_it_else_who_manages_it_or_stands_in(story, cast, signed_in):
    screen = Screen(signed_in(cast.hanna))
    hand_over(story.later, [cast.erik], story.at)
    assert named(story, screen.listed(f"?owner={cast.erik.pk}", story.at)) == ["later"]
    assert len(screen.listed(f"?owner={cast.tom.pk}", story.at)) == 5
    assert screen.listed(f"?owner={cast.tess.pk}", story.at) == []
    Absence.objects.create(person=cast.tom, starts_at=story.at, ends_at=story.at + HOUR)
    assert len(screen.listed(f"?owner={cast.tess.pk}", story.at)) == 5
    assert screen.listed(f"?owner={cast.tom.pk}", story.at) == []


def test_what_one_may_not_know_of_is_no_filter(story, cast, signed_in, lab):
    """Tess sees nothing of Globex: the address does not tell her its name."""
    tess = Screen(signed_in(cast.tess))
    for query in (
        f"?customer={cast.globex.pk}",
        f"?certificate={cast.globex_certificate.pk}",
        "?product=999999&team=999999",
        f"?owner={cast.alice.pk}",
    ):
        response = tess.open(query, story.at)
        assert len(references(response)) == 5
        assert "Globex" not in response.content.decode()
        assert "chip" not in response.content.decode()


def test_every_filter_in_use_has_a_chip_that_takes_it_off(story, screen, cast, lab):
    query = (
        f"?side=vendor&severity=1&severity=2&customer={cast.acme.pk}"
        f"&certificate={cast.certificate.pk}&owner=me&team={lab.pk}&product={cast.product.pk}"
        "&kind=product&state=received&due=4h&escalated=1&q=crash"
    )
    html = screen.open(query, story.at).content.decode()
    chips = re.findall(r'chip" href="/queue/([^"]+)">.*?</span>([^<]+)<', html)
    assert [label for _url, label in chips] == [
        "Our move",
        "Critical",
        "High",
        "Acme",
        "MSA-1",
        "Owner: Me",
        "Team: Lab",
        "Northlight Endpoint",
        "Product incident",
        "Received",
        "Due within 4 h",
        "Escalated",
        "“crash”",
    ]
    assert unescape(chips[1][0]) == query.replace("&severity=1", "")


def test_the_filter_s_form_keeps_tab_and_search_and_marks_what_is_chosen(story, screen, cast):
    query = f"?tab=ours&severity=2&customer={cast.acme.pk}&q=scans"
    with clock.at(story.at):
        part = screen.client.get(f"/queue/filter/{query}", headers={"HX-Request": "true"})
        page = screen.client.get(f"/queue/filter/{query}")
    for html in (part.content.decode(), page.content.decode()):
        assert f'<option value="{cast.acme.pk}" selected>Acme</option>' in html
        assert '<input type="checkbox" name="severity" value="2" checked>' in html
        assert '<input type="hidden" name="tab" value="ours">' in html
        assert '<input type="hidden" name="q" value="scans">' in html
    assert "<html" not in part.content.decode()
    assert "<h1>Filter</h1>" in page.content.decode()


def test_the_filter_offers_only_whom_one_may_know(story, cast, signed_in):
    with clock.at(story.at):
        html = signed_in(cast.tess).get("/queue/filter/").content.decode()
    assert ">Acme</option>" in html
    assert "Globex" not in html
    assert ">Erik</option>" in html
    assert ">Alice</option>" not in html


@pytest.mark.parametrize("customers", [1, 3])
def test_the_filter_asks_the_same_whatever_there_is(cast, screen, customers):
    for by in [cast.alice, cast.olga, cast.bob][:customers]:
        cast.file(by=by)
    with clock.at(MONDAY_NINE), CaptureQueriesContext(connection) as asked:
        assert screen.client.get("/queue/filter/").status_code == 200
    assert len(asked) == OF_MIDDLEWARE + 5 + OF_THE_SHELL + OF_THE_CLIENT


def test_typing_brings_list_and_chips_and_says_how_many_are_left(story, screen):
    typed = screen.poll("?severity=2&q=scans&typed=1", story.at).content.decode()
    assert re.findall(r'class="queue-title" id="([^"]+)"', typed) == [
        story.sooner.reference,
        story.later.reference,
    ]
    assert 'id="queue-tools" hx-swap-oob="true"' in typed
    assert 'href="/queue/?severity=2"' in typed
    assert 'id="announce" hx-swap-oob="innerHTML">2 incidents</div>' in typed
    assert 'data-poll="/queue/rows/?severity=2&amp;q=scans"' in typed
    again = screen.poll("?q=nothing-like-it&typed=1", story.at).content.decode()
    assert ">0 incidents</div>" in again
    assert "Nothing open matches" in again


def test_escalated_with_a_filter(story, screen, cast):
    escalate(incident=story.working, actor=cast.alice, text="Hurry.", at=story.at)
    found = screen.listed("?tab=escalated&severity=2", story.at + timedelta(minutes=1))
    assert named(story, found) == ["working"]


def test_the_clocks_of_one_incident(story, screen, cast, signed_in, client):
    address = f"/queue/{story.later.reference}/clocks/"
    with clock.at(story.at):
        shown = screen.client.get(address)
        hidden = signed_in(cast.tess).get(address)
        contact = signed_in(cast.olga).get(address)
        stranger = client.get(address)
    assert shown.status_code == 200
    assert re.findall(r'clock-label">([^<]+)', shown.content.decode()) == ["First response"]
    assert [hidden.status_code, contact.status_code, stranger.status_code] == [404, 404, 302]


def test_a_row_leads_to_its_clocks_and_without_a_script_to_the_explanation(story, screen):
    reference = story.later.reference
    html = screen.open(at=story.at).content.decode()
    assert (
        f'href="/incidents/{reference}/explanation/" data-clocks="/queue/{reference}/clocks/"'
        in html
    )
