"""Friday evening the office closes and hands over; Monday morning it gets everything back."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from incidents.actions import responding
from incidents.models import Incident
from msa import clock
from tam.actions import handovers
from tam.models import Handover, HandoverNote
from tam.queries.handovers import waiting_for
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FRIDAY_NOON = datetime(2026, 3, 6, 11, tzinfo=UTC)  # 12:00 in Paris
CLOSING = datetime(2026, 3, 6, 17, tzinfo=UTC)  # 18:00 in Paris
OPENING = datetime(2026, 3, 9, 8, tzinfo=UTC)  # Monday 09:00 in Paris
TICK = timedelta(seconds=10)
NOTE = "The customer of the crash expects a call at seven."


@pytest.fixture
def tick(until):
    """Let time pass, and the beat look once, a little after an instant."""

    def look(at: datetime) -> None:
        until(at)
        handovers.remind(at=at)
        handovers.watch(at=at)
        until(at)

    return look


def told_of(page) -> dict[str, list[tuple[str, ...]]]:
    """Return the references of each section of a handover; of what was done, the acts as well."""
    sections = re.findall(
        r'<section class="card" aria-label="(\w[^"]*)">(.*?)</section>',
        page.content.decode(),
        re.DOTALL,
    )
    found = {
        name: [line_of(line) for line in re.findall(r"<li[^>]*>(.*?)</li>", words, re.DOTALL)]
        for name, words in sections
    }
    return {name: lines for name, lines in found.items() if lines}


def line_of(line: str) -> tuple[str, ...]:
    done = re.search(r"<small>([^<]*)</small>\s*$", line)
    acts = done.group(1).split(" · ") if done else []
    return (*re.findall(r"INC-\d{4}-\d{6}(?=</span>)", line), *acts)


@dataclass
class Friday:
    """What is open as the office closes."""

    answered: Incident
    crash: Incident
    question: Incident


@pytest.fixture
def friday(cast: Cast, tick, told) -> Friday:
    tick(FRIDAY_NOON)  # the first look
    answered = cast.file(at=FRIDAY_NOON + HOUR, title="Console is slow")
    responding.respond(
        incident=answered, actor=cast.tom, text="We look into it.", at=FRIDAY_NOON + 2 * HOUR
    )
    crash = cast.file(at=CLOSING - 90 * MINUTE, title="Server crashes")
    question = cast.file("service-request", at=CLOSING - HOUR, title="A question")
    told()
    return Friday(answered, crash, question)


@pytest.fixture
def weekend(cast: Cast, friday: Friday, tick, told) -> Friday:
    """The office has closed, and Dana has worked on the crash."""
    tick(CLOSING + TICK)
    crash = friday.crash
    responding.respond(incident=crash, actor=cast.dana, text="A first look.", at=CLOSING + HOUR)
    responding.add_note(
        incident=crash, actor=cast.dana, text="The lab has it.", at=CLOSING + 2 * HOUR
    )
    tick(OPENING - TICK)
    told()
    return friday


def test_who_goes_reads_what_they_will_hand_over_and_adds_a_note(
    cast: Cast, friday: Friday, signed_in, tick
) -> None:
    tom = signed_in(cast.tom)
    with clock.at(CLOSING - 30 * MINUTE):
        preview = tom.get("/handovers/next/")
        assert told_of(preview) == {
            "Due next": [(friday.crash.reference,)],
            "Open": [(friday.question.reference,), (friday.answered.reference,)],
            "Done": [
                (friday.question.reference, "Filed"),
                (friday.crash.reference, "Filed"),
                (friday.answered.reference, "Filed", "Answered"),
            ],
        }
        assert "To <b>Dana</b>, <time" in preview.content.decode()
        form = preview.context["leaving"][0].form.initial
        kept = tom.post("/handovers/next/", {**form, "text": NOTE})
        assert (kept.status_code, kept.url) == (302, "/handovers/next/")
        assert NOTE in tom.get("/handovers/next/").content.decode()
    tick(CLOSING + TICK)
    assert (Handover.objects.get().note, HandoverNote.objects.exists()) == (NOTE, False)


def test_when_the_office_closes_the_duty_manager_takes_over(
    cast: Cast, friday: Friday, signed_in, tick, told
) -> None:
    tick(CLOSING - TICK)
    assert told() == []
    tick(CLOSING + TICK)
    made = Handover.objects.get()
    assert (made.giver, made.receiver, made.since, made.at) == (
        cast.tom,
        cast.dana,
        datetime(2026, 3, 6, 8, tzinfo=UTC),
        CLOSING,
    )
    assert told() == [("dana@northlight.example", "[Paris] Tom hands over to you")]
    assert list(waiting_for(cast.dana)) == [made]
    tom, dana = signed_in(cast.tom), signed_in(cast.dana)
    with clock.at(CLOSING + 4 * MINUTE):
        tom.post(f"/handovers/{made.pk}/note/", {"text": NOTE})
    with clock.at(CLOSING + 5 * MINUTE):
        page = dana.get(f"/handovers/{made.pk}/")
        assert told_of(page)["Due next"] == [(friday.crash.reference,)]
        assert NOTE in page.content.decode()
        assert dana.post(f"/handovers/{made.pk}/acceptance/").status_code == 302
    assert list(waiting_for(cast.dana)) == []
    assert told() == [("tom@northlight.example", "[Paris] Dana has accepted the handover")]
    with clock.at(CLOSING + 6 * MINUTE):
        assert "Accepted by Dana" in tom.get(f"/handovers/{made.pk}/").content.decode()
        late = tom.post(f"/handovers/{made.pk}/note/", {"text": "One more thing."})
        assert late.status_code == 409


def test_on_monday_morning_it_comes_back(
    cast: Cast, weekend: Friday, signed_in, tick, told
) -> None:
    tick(OPENING + TICK)
    monday = Handover.objects.get(receiver=cast.tom)
    assert (monday.giver, monday.since, monday.at) == (cast.dana, CLOSING, OPENING)
    assert told() == [("tom@northlight.example", "[Paris] Dana hands over to you")]
    with clock.at(OPENING + 2 * MINUTE):
        assert told_of(signed_in(cast.tom).get(f"/handovers/{monday.pk}/")) == {
            "Due next": [(weekend.question.reference,)],
            "Open": [(weekend.answered.reference,), (weekend.crash.reference,)],
            "Done": [(weekend.crash.reference, "Answered", "Note written")],
        }


def test_who_does_not_accept_is_reminded_once_and_the_head_is_told(
    cast: Cast, weekend: Friday, signed_in, tick, told
) -> None:
    tick(OPENING + TICK)
    told()
    tick(OPENING + HOUR)
    assert told() == []
    tick(OPENING + HOUR + TICK)
    reminder = "[Paris] Handover not accepted yet"
    assert told() == [("tom@northlight.example", reminder), ("hanna@northlight.example", reminder)]
    tick(OPENING + HOUR + 2 * TICK)
    assert told() == []
    monday = Handover.objects.get(receiver=cast.tom)
    with clock.at(OPENING + HOUR + 5 * MINUTE):
        for _tab in range(2):
            accepted = signed_in(cast.tom).post(f"/handovers/{monday.pk}/acceptance/")
            assert accepted.status_code == 302
    assert told() == [("dana@northlight.example", "[Paris] Tom has accepted the handover")]
    monday.refresh_from_db()
    assert (monday.accepted_at, monday.accepted_by) == (OPENING + HOUR + 5 * MINUTE, cast.tom)
