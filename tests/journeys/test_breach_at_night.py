"""At three in the morning an answer is missed: somebody is woken, and the incident goes up."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.actions import responding
from incidents.models import Incident
from incidents.states import Channel
from msa import clock
from tam.actions import paging
from tam.models import Escalation, Page
from tam.queries.paging import open_for
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
THREE = datetime(2026, 3, 11, 2, tzinfo=UTC)  # Wednesday 03:00 in Paris
DANA, HANNA = "dana@northlight.example", "hanna@northlight.example"


@pytest.fixture
def tick(until):
    """Let time pass, and the beat look once, at an instant."""

    def look(at: datetime) -> None:
        until(at)
        paging.repeat(at=at)
        until(at)

    return look


@pytest.fixture
def pages(told):
    """Return who was paged, with the beginning of the subject, and forget it."""

    def paged() -> list[tuple[str, str]]:
        return [(to, subject.partition(" [")[0]) for to, subject in told() if "Page" in subject]

    return paged


@pytest.fixture
def outage(cast: Cast, pages) -> Incident:
    """Alice rings at half past two; Dana takes the report and then falls asleep over it."""
    incident = cast.file(
        "product-network-down", THREE - 30 * MINUTE, channel=Channel.PHONE, title="Network down"
    )
    assert pages() == [(DANA, "Page: New incident")]
    with clock.at(THREE - 29 * MINUTE):
        paging.acknowledge(incident=incident, actor=cast.dana, at=THREE - 29 * MINUTE)
    return incident


def test_the_breach_pages_the_duty_manager_and_opens_level_two(
    cast: Cast, outage: Incident, signed_in, tick, pages
) -> None:
    tick(THREE)
    assert pages() == []
    tick(THREE + timedelta(seconds=15))
    assert pages() == [(DANA, "Page: Response time missed")]
    assert list(Escalation.objects.values_list("level", "cause", "opened_at")) == [
        (2, "breach", THREE)
    ]
    tick(THREE + 5 * MINUTE)
    again = "Page, 2 of 6: Response time missed"
    assert pages() == [(DANA, again), (HANNA, again)]
    dana, hanna = signed_in(cast.dana), signed_in(cast.hanna)
    with clock.at(THREE + 7 * MINUTE):
        page = dana.get("/pages/")
        assert outage.title in page.content.decode()
        assert open_for(cast.dana).count() == open_for(cast.hanna).count() == 1
        pk = Page.objects.get(person=cast.dana, cause="breached").pk
        assert dana.post(f"/pages/{pk}/acknowledgement/").url == "/pages/"
        assert [*open_for(cast.dana), *open_for(cast.hanna)] == []
        assert "Dana</span>" in hanna.get("/pages/").content.decode()
    tick(THREE + 30 * MINUTE)
    assert pages() == []
    with clock.at(THREE + 31 * MINUTE):
        seen = signed_in(cast.alice).get(outage.get_absolute_url()).content.decode()
        assert "Escalated to level 2: the response time was missed" in seen


def test_whom_nobody_answers_is_paged_six_times_in_all(
    cast: Cast, outage: Incident, tick, pages
) -> None:
    tick(THREE + timedelta(seconds=1))
    assert pages() == [(DANA, "Page: Response time missed")]
    for times in range(2, 7):
        tick(THREE + (5 * times - 5) * MINUTE)
        subject = f"Page, {times} of 6: Response time missed"
        assert pages() == [(DANA, subject), (HANNA, subject)]
    tick(THREE + 60 * MINUTE)
    assert pages() == []
    assert open_for(cast.dana).count() == 1


def test_an_act_takes_it_up_as_well(cast: Cast, outage: Incident, tick, pages) -> None:
    tick(THREE + MINUTE)
    assert pages() == [(DANA, "Page: Response time missed")]
    responding.respond(incident=outage, actor=cast.dana, text="Sorry.", at=THREE + 2 * MINUTE)
    tick(THREE + 30 * MINUTE)
    assert pages() == []
    taken = Page.objects.get(cause="breached")
    assert (taken.acknowledged_by, taken.acknowledged_at) == (cast.dana, THREE + 2 * MINUTE)
