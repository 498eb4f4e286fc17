"""What a change would have done, in figures; nothing stays."""

from datetime import date

import pytest
from django.apps import apps

from accounts.models import Office
from incidents.actions import responding
from incidents.actions.deadlines import fire_earlier_than
from incidents.models import JournalEntry
from msa.scenarios.history import history_of, incidents_in
from msa.scenarios.lines import checked
from msa.scenarios.player import Player
from msa.what_if.change import Change, ChangeError
from msa.what_if.comparison import compare
from msa.what_if.outcomes import Outcome, on_record, told_by
from tests.conftest import PARIS_WEEK
from tests.incidents.long_promises import SETTING, act, filing
from tests.msa.further_kinds import FURTHER
from tests.msa.month import MARCH, NOW, Month, instant


@pytest.fixture
def month(cast):
    return Month(cast)


def verdicts(figures):
    return {
        severity: {str(verdict): count for verdict, count in counted.items()}
        for severity, counted in figures.responses.items()
    }


@pytest.mark.django_db
class TestComparison:
    def test_the_play_as_it_was_shows_the_record(self, month):
        found = month.compared(Change())
        assert verdicts(found.before) == {2: {"missed": 1}, 3: {"kept": 2}, 4: {"running": 1}}
        assert found.after == found.before
        assert (found.before.median_response_seconds, found.before.worst_response_seconds) == (
            5 * 3600,
            6 * 3600,
        )
        assert (found.differences, found.deviations) == ([], [])
        assert (found.refused_before, found.refused_after, found.unknown) == ([], [], [])
        assert (found.incidents, found.ended_at) == (4, instant("2026-03-31T22:00"))

    def test_shorter_targets_make_breaches(self, month):
        found = month.compared(Change(targets={"3": {"response": elapsed(300)}}))
        assert verdicts(found.after) == {
            2: {"missed": 1},
            3: {"kept": 1, "missed": 1},
            4: {"running": 1},
        }
        assert [(each.reference, each.kind) for each in found.gained] == [
            (month.tight.reference, "response")
        ]
        assert found.gained[0].before == Outcome(
            due_at=instant("2026-03-02T16:00"),
            met_at=instant("2026-03-02T16:00"),
            ended_at=instant("2026-03-02T16:00"),
        )
        assert found.gained[0].after == Outcome(
            due_at=instant("2026-03-02T15:00"),
            met_at=instant("2026-03-02T16:00"),
            breached_at=instant("2026-03-02T15:00"),
            ended_at=instant("2026-03-02T16:00"),
        )
        assert found.lost == []

    def test_longer_targets_leave_breaches_out(self, month):
        found = month.compared(Change(targets={"2": {"response": elapsed(300)}}))
        assert [each.reference for each in found.lost] == [month.missed.reference]
        assert found.gained == []

    def test_a_closed_day_moves_due_times(self, month):
        found = month.compared(Change(closed=(date(2026, 3, 2),)))
        assert {each.reference: each.after.due_at for each in found.differences} == {
            month.kept.reference: instant("2026-03-03T14:00"),
            month.tight.reference: instant("2026-03-03T14:00"),
            # Filed out of hours then, it would have waited for the next morning.
            month.missed.reference: instant("2026-03-03T12:00"),
        }
        assert [each.reference for each in found.lost] == [month.missed.reference]
        assert found.after.vendor_elapsed_seconds == found.before.vendor_elapsed_seconds
        assert (
            found.before.vendor_working_seconds - found.after.vendor_working_seconds
            == (9 + 8 + 7) * 3600
        )

    def test_other_weekly_hours(self, month):
        found = month.compared(Change(week=PARIS_WEEK | {"tue": [["09:00", "12:00"]]}))
        assert {each.reference: each.after.due_at for each in found.differences} == {
            month.open.reference: instant("2026-04-01T15:00")
        }

    def test_an_opened_day(self, month):
        """Sunday, 1 March: what is filed then would have been worked on at once."""
        sunday = month.cast.file("product-partial", instant("2026-03-01T09:00"))
        found = month.compared(Change(opened={date(2026, 3, 1): [["10:00", "14:00"]]}))
        assert {each.reference: each.after.due_at for each in found.differences} == {
            sunday.reference: instant("2026-03-02T10:00")
        }

    def test_what_the_record_has_otherwise_is_told(self, month):
        """A call that is logged after the breach is in time at once when it is played."""
        incident = month.cast.file("product-malfunction", instant("2026-03-09T08:00"))
        fire_earlier_than(instant("2026-03-09T13:00"))
        responding.log_call(
            incident=incident,
            actor=month.cast.tom,
            caller=month.cast.alice,
            qualified=True,
            text="…",
            at=instant("2026-03-09T09:00"),
            logged_at=instant("2026-03-09T13:00"),
        )
        assert month.compared(Change()).deviations == []
        with_other_end(incident)
        (deviation,) = month.compared(Change()).deviations
        assert (deviation.reference, deviation.kind) == (incident.reference, "response")
        assert deviation.before.due_at == instant("2026-03-09T12:30")
        assert deviation.after.due_at == instant("2026-03-09T12:00")

    def test_a_weekday_without_hours_needs_some(self, month):
        with pytest.raises(ChangeError) as refusal:
            month.compared(Change(opened={date(2026, 3, 1): []}))
        assert (refusal.value.part, str(refusal.value)) == (
            "opened",
            "2026-03-01 falls on a weekday without hours; say with which hours it would be open.",
        )

    def test_a_calendar_that_never_opens_cannot_be(self, month):
        with pytest.raises(ChangeError) as refusal:
            month.compared(Change(week={}))
        assert (refusal.value.part, str(refusal.value)) == (
            "week",
            "week: expected at least one opening, as this calendar never opens.",
        )

    def test_nothing_stays(self, month):
        before = rows()
        month.compared(Change(closed=(date(2026, 3, 2),)))
        assert rows() == before


class TestRecord:
    def test_entries_from_before_further_kinds_tell_of_the_response(self):
        started = {
            "kind": "response",
            "started_at": "2026-03-02T08:00:00+00:00",
            "due_at": "2026-03-02T14:00:00+00:00",
            "waits_for_call": False,
        }
        moved = started | {"due_at": "2026-03-02T12:00:00+00:00"}
        told = told_by(
            [
                entry("filed", "2026-03-02T08:00", started | {"channel": "portal"}),
                entry("clock_moved", "2026-03-02T09:00", {"from": started, "to": moved}),
                entry("clock_breached", "2026-03-02T12:00", moved),
                entry("breach_set_aside", "2026-03-02T11:00", {"due_at": moved["due_at"]}),
                entry("clock_stopped", "2026-03-02T11:00", {"due_at": moved["due_at"]}),
            ]
        )
        assert told == {
            ("response", 0): Outcome(
                due_at=instant("2026-03-02T12:00"),
                met_at=instant("2026-03-02T11:00"),
                ended_at=instant("2026-03-02T11:00"),
            )
        }

    def test_an_expiry_that_is_set_aside_lets_its_clocks_run_on(self):
        clock_data = {
            "kind": "resolution",
            "received_at": "2026-03-02T08:00:00+00:00",
            "due_at": "2026-03-09T08:00:00+00:00",
        }
        started = entry("clock_started", "2026-03-02T08:00", clock_data)
        ended = entry("clock_ended", "2026-04-02T08:00", clock_data)
        set_aside = entry("expiry_set_aside", "2026-04-02T07:00", {})
        due_at = instant("2026-03-09T08:00")
        assert told_by([started, ended]) == {
            ("resolution", 0): Outcome(due_at=due_at, ended_at=instant("2026-04-02T08:00"))
        }
        assert told_by([started, ended, set_aside]) == {("resolution", 0): Outcome(due_at=due_at)}

    @pytest.mark.django_db
    def test_a_solution_that_was_asked_about_first_is_on_record_as_it_is_played(self):
        player = Player(today=NOW.date())
        lines = [
            *SETTING,
            filing("product-partial", "2026-03-02T09:00:00Z"),
            act("ask", "2026-03-02T10:00:00Z"),
            act("offer_solution", "2026-03-02T12:00:00Z"),
            act("accept", "2026-03-02T15:00:00Z", by="ann"),
        ]
        player.play(checked(lines, now=NOW))
        incidents = incidents_in(MARCH, offices=Office.objects.all())
        history = history_of(incidents, period=MARCH, at=player.ended_at)
        assert compare(history, Change(), incidents).deviations == []
        (recorded,) = on_record(incidents, until=player.ended_at).values()
        assert {kind: outcome.met_at for (kind, _number), outcome in recorded.items()} == {
            "response": instant("2026-03-02T10:00"),
            "workaround": instant("2026-03-02T12:00"),
            "resolution": instant("2026-03-02T12:00"),
        }

    @pytest.mark.django_db
    def test_all_kinds_of_clock_are_on_record_as_they_are_played(self):
        player = Player(today=NOW.date())
        player.play(checked(FURTHER, now=NOW))
        incidents = incidents_in(MARCH, offices=Office.objects.all())
        history = history_of(incidents, period=MARCH, at=player.ended_at)
        found = compare(history, Change(), incidents)
        assert (found.deviations, found.refused_before, found.unknown) == ([], [], [])
        kinds = {kind: counted.total() for kind, counted in found.before.further.items()}
        assert kinds == {"next_response": 3, "update": 7, "workaround": 1, "resolution": 2}


def entry(kind, at, data):
    return JournalEntry(kind=kind, at=instant(at), data=data)


def elapsed(minutes):
    return {"minutes": minutes, "unit": "elapsed"}


def with_other_end(incident):
    """Let the record say that the clock was moved at its end, as no rule would."""
    first = incident.journal.get(kind="clock_started")
    incident.refresh_from_db()
    JournalEntry.objects.create(
        customer=incident.customer,
        incident=incident,
        number=incident.journal_length + 1,
        at=instant("2026-03-09T09:00"),
        recorded_at=instant("2026-03-09T09:00"),
        kind="clock_moved",
        data={
            "kind": "response",
            "reason": "calendar",
            "from": first.data,
            "to": first.data | {"due_at": "2026-03-09T12:30:00+00:00"},
        },
        hash="0" * 64,
    )


def rows():
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}
