"""The administrators' page of what would have been, and what a play never does to the desk."""

import re
from datetime import UTC, date, datetime
from threading import Event, Thread

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from accounts.actions.programmes import load_programmes
from accounts.models import Customer, Office, ProgrammeSeverity, User
from accounts.programmes import read_programmes
from accounts.tenancy import staff_transaction
from incidents.actions import responding
from incidents.actions.deadlines import fire_earlier_than
from incidents.models import Incident
from msa import clock
from msa.outbox import relay
from msa.outbox.actions import publish
from msa.outbox.models import Message
from msa.scenarios.history import Period, history_of, incidents_in
from msa.scenarios.lines import Line, checked
from msa.scenarios.stage import FILES, rehearse
from msa.what_if import forms
from tests.conftest import make_cast

NOW = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
PAGE = "/admin/what-if/"
WAIT_SECONDS = 60  # for the other thread: a play takes seconds where others work too
LOCK_TIMEOUT = "3s"  # a lock that a play held would be held for longer


def instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def april():
    with clock.at(NOW):
        yield


@pytest.fixture
def admin(cast, signed_in, april):
    return signed_in(cast.ada)


@pytest.fixture
def typed(cast):
    """Return what an administrator types: March, at the only office."""
    return {"first": "2026-03-01", "last": "2026-03-31", "offices": [str(cast.office.pk)]}


@pytest.mark.django_db
class TestPage:
    def test_is_listed_and_opens_on_the_month_before(self, admin):
        assert f'<a href="{PAGE}">What if</a>' in admin.get("/admin/").content.decode()
        response = admin.get(PAGE)
        assert response.status_code == 200
        assert reverse("admin:what-if") == PAGE
        form = response.context["adminform"].form
        assert (form.initial["first"], form.initial["last"]) == (
            date(2026, 3, 1),
            date(2026, 3, 31),
        )

    @pytest.mark.parametrize(
        ("who", "status"), [("tom", 403), ("hanna", 403), ("alice", 403), ("dana", 403)]
    )
    def test_is_the_administrators(self, cast, signed_in, who, status):
        assert signed_in(getattr(cast, who)).get(PAGE).status_code == status

    def test_shows_what_differs(self, admin, cast, typed):
        incident = cast.file("product-partial", instant("2026-03-02T08:00"))
        responding.respond(
            incident=incident, actor=cast.tom, text="…", at=instant("2026-03-02T13:00")
        )
        cast.file("product-other", instant("2026-03-03T08:00"))
        fire_earlier_than(NOW)
        page = words(admin.post(PAGE, typed | {"minutes_3": "240", "unit_3": "elapsed"}))
        assert "2 incidents, as they were → under the change" in page
        assert "First response, severity 3 1 1 → under the change 0 0 → under the change 1" in page
        assert (
            f"{incident.reference} Medium First response 2 Mar 2026 15:00 CET kept"
            " 2 Mar 2026 13:00 CET missed"
        ) in page
        assert "differ from the record" not in page

    def test_says_so_when_nothing_differs(self, admin, cast, typed):
        cast.file("product-partial", instant("2026-03-02T08:00"))
        assert "No incident differs." in words(admin.post(PAGE, typed | {"closed": "2026-03-20"}))

    def test_a_call_may_be_required_or_not(self, admin, cast, typed):
        incident = cast.file("product-network-down", instant("2026-03-02T22:00"))
        page = words(admin.post(PAGE, typed | {"call_1": "no"}))
        assert (
            f"{incident.reference} Critical First response 3 Mar 2026 09:30 CET missed"
            " 2 Mar 2026 23:30 CET missed"
        ) in page

    @pytest.mark.parametrize(
        ("half", "due"),
        [
            ({"minutes_3": "120"}, ["2026-03-02T10:00"]),  # still of working time
            ({"unit_3": "elapsed"}, ["2026-03-02T13:00"]),  # still six hours
            ({"minutes_3": "120", "unit_3": "elapsed"}, ["2026-03-02T09:00"]),
            ({"minutes_3": "", "unit_3": ""}, []),
        ],
    )
    def test_what_is_left_empty_stays_as_it_was(self, admin, cast, typed, half, due):
        """Filed an hour before the opening, at severity 3: six hours of working time."""
        cast.file("product-partial", instant("2026-03-02T07:00"))
        response = admin.post(PAGE, typed | half)
        units = response.context["adminform"].form.fields["unit_3"].choices
        assert units[0] == ("", "as it was")
        after = [each.after.due_at for each in response.context["comparison"].differences]
        assert after == [instant(each) for each in due]

    @pytest.mark.parametrize(
        ("half", "field", "message"),
        [
            (
                {"minutes_4": "120"},
                "unit_4",
                "No first response was promised at severity 4; say how time counts.",
            ),
            (
                {"unit_4": "working"},
                "minutes_4",
                "No first response was promised at severity 4; say within how many minutes.",
            ),
        ],
    )
    def test_half_a_target_where_nothing_was_promised_is_no_target(
        self, admin, cast, typed, half, field, message
    ):
        severities = ProgrammeSeverity.objects.filter(programme=cast.certificate.programme)
        severities.filter(severity=4).update(response_minutes=None)
        cast.file(at=instant("2026-03-02T08:00"))
        response = admin.post(PAGE, typed | half)
        assert response.context["adminform"].errors == {field: [message]}
        assert response.context["comparison"] is None
        assert message in response.content.decode()

    @pytest.mark.parametrize(
        ("wrong", "field", "message"),
        [
            ({"first": ""}, "first", "This field is required."),
            ({"first": "1026-03-01"}, "first", "This lies before any incident."),
            ({"last": "2026-02-01"}, "last", "The last day lies before the first."),
            ({"offices": []}, "offices", "This field is required."),
            (
                {"week_mon": "9 to 5"},
                "week",
                "Monday: “9 to 5” is no window; write hours such as 09:00–13:00, 14:00–18:00.",
            ),
            ({"closed": "soon"}, "closed", "“soon” is no date; write it such as 2026-07-14."),
            (
                {"opened": "2026-03-01"},
                "opened",
                "2026-03-01 falls on a weekday without hours;"
                " say with which hours it would be open.",
            ),
            ({"minutes_3": "0"}, "minutes_3", "Ensure this value is greater than or equal to 1."),
            (
                {"call_1": "maybe"},
                "call_1",
                "Select a valid choice. maybe is not one of the available choices.",
            ),
        ],
    )
    def test_errors_stand_beside_their_fields(self, admin, cast, typed, wrong, field, message):
        cast.file(at=instant("2026-03-02T08:00"))
        response = admin.post(PAGE, typed | {"closed": "2026-03-20"} | wrong)
        assert response.status_code == 200
        assert response.context["adminform"].errors == {field: [message]}
        assert response.context["comparison"] is None
        page = response.content.decode()
        assert message in page
        if field != "closed":
            assert 'value="2026-03-20"' in page

    def test_too_large_a_period_names_the_command(self, admin, cast, typed, monkeypatch):
        monkeypatch.setattr(forms, "INCIDENTS_MOST", 1)
        for day in (2, 3):
            cast.file(at=instant(f"2026-03-0{day}T08:00"))
        response = admin.post(PAGE, typed)
        assert response.context["adminform"].errors == {
            "last": [
                "2 incidents were filed then; this page plays at most 1. Choose fewer days or"
                " offices, or run manage.py what_if --from 2026-03-01 --until 2026-03-31 on the"
                " server."
            ]
        }

    def test_nothing_stays(self, admin, cast, typed):
        cast.file(at=instant("2026-03-02T08:00"))
        before = rows()
        assert admin.post(PAGE, typed | {"closed": "2026-03-20"}).status_code == 200
        assert rows() == before


@pytest.mark.django_db(transaction=True)
def test_the_desk_goes_on_while_a_play_is_under_way():
    """Filing, acting, sweeping, delivering and administering wait for none of its locks."""
    with staff_transaction():
        cast = make_cast()
        incident = cast.file("product-network-down", instant("2026-03-02T08:00"))
        publish("incident.clock_breached", {"incident": incident.pk}, at=NOW, stream="x")
    lines = _Held(_lines(cast))
    play = Thread(target=_rehearse, args=[lines])
    play.start()
    try:
        assert lines.under_way.wait(WAIT_SECONDS)
        with staff_transaction():
            with connection.cursor() as cursor:
                cursor.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
            cast.file(at=instant("2026-03-02T12:00"))
            fire_earlier_than(NOW)
            responding.respond(incident=incident, actor=cast.tom, text="…", at=NOW)
            relay.drain({})
            assert list(Message.objects.filter(fanned_out=False)) == []
            for model in (Office, Customer):
                model.objects.create(name="office-1", **_more(model))
            User.objects.update(phone="+33")
            load_programmes(editions=read_programmes(FILES), actor=None, at=NOW)
        before = rows()
    finally:
        lines.go_on.set()
        play.join(WAIT_SECONDS)
    assert lines.failure == []
    assert rows() == before
    with staff_transaction():
        assert Incident.objects.count() == 2


class _Held(list[Line]):
    """Lines whose play waits before the last of them."""

    def __init__(self, lines):
        super().__init__(lines)
        self.under_way, self.go_on, self.failure = Event(), Event(), []

    def __iter__(self):
        *most, last = super().__iter__()
        yield from most
        self.under_way.set()
        assert self.go_on.wait(WAIT_SECONDS)
        yield last


def _rehearse(lines):
    try:
        with staff_transaction():
            report = rehearse(lines)
        assert len(report["incidents"]) == 1
    except BaseException as error:
        lines.failure.append(error)
        raise
    finally:
        lines.under_way.set()
        connection.close()


def _lines(cast):
    period = Period(date(2026, 3, 1), date(2026, 3, 31))
    with staff_transaction():
        incidents = incidents_in(period, offices=[cast.office])
        return checked(list(history_of(incidents, period=period, at=NOW).lines), now=NOW)


def _more(model):
    return {"timezone": "UTC", "week": {}} if model is Office else {}


def rows():
    with staff_transaction():
        return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def words(response):
    """Return the text of a page, without its markup."""
    assert response.status_code == 200
    content = re.sub(r"(?s)<(svg|script|style)\b.*?</\1>", "", response.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())
