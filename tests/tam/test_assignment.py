"""Whose an incident is: given, taken, given back; who sees it, and who is told."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from accounts.models import Notice, Role, Team, User
from incidents.access import Verb, get_incident
from incidents.actions import answering
from incidents.models import Handling
from msa import clock
from msa.outbox.models import Email
from tam.actions.assignment import assign, assignee, give_to_team, hand_back, take
from tam.letters import assignment as letters
from tam.models import Absence
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LATER = MONDAY_NINE + HOUR
KEY = "7b5bb8f4-6a1e-4c59-9d0c-0a6c5d9b1f11"


@pytest.fixture
def incident(cast):
    return cast.file()


@pytest.fixture
def liz(cast):
    return User.objects.create_user(
        "liz@northlight.example", name="Liz", role=Role.ENGINEER, office=cast.office
    )


@pytest.fixture
def lab(cast, liz):
    team = Team.objects.create(name="Lab", field=Team.Field.LAB)
    team.members.add(liz)
    return team


def sees(person, incident, at=LATER):
    try:
        get_incident(person, incident.reference, Verb.SEE, at)
    except NotFound:
        return False
    return True


def told(incident):
    kinds = ("assigned", "handed_to_team", "handed_back", "noted")
    entries = incident.journal.filter(kind__in=kinds).order_by("number")
    return [
        (entry.kind, entry.actor.name, entry.data, entry.message.text if entry.message else "")
        for entry in entries
    ]


def given(incident):
    rows = incident.handlings.order_by("id")
    return [
        (
            row.user.name if row.user else row.team.name,
            row.by.name if row.by else "",
            row.since,
            row.until,
        )
        for row in rows
    ]


class TestPeople:
    def test_who_gets_it_sees_it_until_somebody_else_has_it(self, cast, incident, liz):
        assign(incident=incident, actor=cast.tom, to=cast.erik, at=LATER, text="Please look.")
        assert (sees(cast.erik, incident), sees(liz, incident)) == (True, False)
        assert assignee(incident) == cast.erik

        assign(incident=incident, actor=cast.hanna, to=liz, at=LATER + HOUR)
        assert (sees(cast.erik, incident), sees(liz, incident)) == (False, True)
        assert given(incident) == [
            ("Erik", "Tom", LATER, LATER + HOUR),
            ("Liz", "Hanna", LATER + HOUR, None),
        ]
        assert told(incident) == [
            ("assigned", "Tom", {"from": None, "to": cast.erik.pk}, "Please look."),
            ("assigned", "Hanna", {"from": cast.erik.pk, "to": liz.pk}, ""),
        ]

    def test_nobody_takes_it_off(self, cast, incident):
        assign(incident=incident, actor=cast.tom, to=cast.erik, at=LATER)
        assign(incident=incident, actor=cast.tom, to=None, at=LATER)
        assert (assignee(incident), sees(cast.erik, incident)) == (None, False)

    def test_once_more_to_the_same_person_keeps_only_the_note(self, cast, incident):
        for text in ("", "", "And the logs."):
            assign(incident=incident, actor=cast.tom, to=cast.erik, at=LATER, text=text)
        assert told(incident) == [
            ("assigned", "Tom", {"from": None, "to": cast.erik.pk}, ""),
            ("noted", "Tom", {}, "And the logs."),
        ]
        assert len(given(incident)) == 1

    @pytest.mark.parametrize("name", ["alice", "bruno", "ada"])
    def test_only_those_who_work_on_incidents(self, cast, incident, name):
        with pytest.raises(Refused, match="does not work on incidents"):
            assign(incident=incident, actor=cast.tom, to=getattr(cast, name), at=LATER)

    def test_nobody_who_has_left(self, cast, incident):
        cast.erik.is_active = False
        with pytest.raises(Refused, match="Erik does not work on incidents"):
            assign(incident=incident, actor=cast.tom, to=cast.erik, at=LATER)

    def test_a_closed_one_stays_where_it_is(self, cast, incident, lab):
        answering.withdraw(incident=incident, actor=cast.alice, text="", at=LATER)
        for act in (
            lambda: assign(incident=incident, actor=cast.tom, to=cast.erik, at=LATER),
            lambda: give_to_team(incident=incident, actor=cast.tom, team=lab, at=LATER),
            lambda: take(incident=incident, actor=cast.tom, at=LATER),
        ):
            with pytest.raises(Conflict, match="This incident is closed"):
                act()

    def test_nothing_ends_before_it_began(self, cast, incident):
        assign(incident=incident, actor=cast.tom, to=cast.erik, at=LATER + HOUR)
        assign(incident=incident, actor=cast.tom, to=None, at=LATER)
        assert given(incident) == [("Erik", "Tom", LATER + HOUR, LATER + HOUR)]


class TestTeams:
    def test_its_members_see_it(self, cast, incident, lab, liz):
        give_to_team(incident=incident, actor=cast.tom, team=lab, at=LATER, text="A sample.")
        assert (sees(liz, incident), sees(cast.erik, incident)) == (True, False)
        assert told(incident) == [("handed_to_team", "Tom", {"team": lab.pk}, "A sample.")]
        lab.members.remove(liz)
        assert not sees(liz, incident)

    def test_twice_it_lies_there_once(self, cast, incident, lab):
        for _ in range(2):
            give_to_team(incident=incident, actor=cast.tom, team=lab, at=LATER)
        assert given(incident) == [("Lab", "Tom", LATER, None)]

    def test_a_team_that_takes_none_gets_none(self, cast, incident, lab):
        lab.is_active = False
        with pytest.raises(Refused, match="Lab takes no incidents"):
            give_to_team(incident=incident, actor=cast.tom, team=lab, at=LATER)

    def test_a_member_takes_it_over_from_somebody_outside(self, cast, incident, lab, liz):
        assign(incident=incident, actor=cast.tom, to=cast.erik, at=LATER)
        give_to_team(incident=incident, actor=cast.erik, team=lab, at=LATER)
        take(incident=incident, actor=liz, at=LATER + HOUR)
        assert assignee(incident) == liz
        assert not sees(cast.erik, incident)

    def test_not_from_another_member(self, cast, incident, lab, liz):
        lab.members.add(cast.erik)
        give_to_team(incident=incident, actor=cast.tom, team=lab, at=LATER)
        take(incident=incident, actor=cast.erik, at=LATER)
        with pytest.raises(Conflict, match="Erik has it already"):
            take(incident=incident, actor=liz, at=LATER)

    def test_who_has_it_takes_it_again_without_a_trace(self, cast, incident, lab, liz):
        give_to_team(incident=incident, actor=cast.tom, team=lab, at=LATER)
        for _ in range(2):
            take(incident=incident, actor=liz, at=LATER)
        assert [kind for kind, *_ in told(incident)] == ["handed_to_team", "assigned"]

    def test_administrators_take_nothing(self, cast, incident):
        with pytest.raises(NotAllowed):
            take(incident=incident, actor=cast.ada, at=LATER)


class TestGivingBack:
    def test_from_the_desk_first_and_then_from_the_team(self, cast, incident, lab, liz):
        give_to_team(incident=incident, actor=cast.tom, team=lab, at=LATER)
        take(incident=incident, actor=liz, at=LATER)
        hand_back(incident=incident, actor=liz, at=LATER, text="Clean.")
        assert (assignee(incident), sees(liz, incident)) == (None, True)

        hand_back(incident=incident, actor=liz, at=LATER)
        assert not sees(liz, incident)
        assert told(incident)[2:] == [
            ("handed_back", "Liz", {"teams": []}, "Clean."),
            ("handed_back", "Liz", {"teams": [lab.pk]}, ""),
        ]

    def test_only_what_one_has(self, cast, incident):
        with pytest.raises(NotAllowed, match="not on your desk"):
            hand_back(incident=incident, actor=cast.erik, at=LATER)

    def test_an_escalation_and_a_shift_stay(self, cast, incident):
        for reason in (Handling.Reason.ESCALATED, Handling.Reason.ON_SHIFT):
            incident.handlings.create(
                customer=cast.acme, user=cast.erik, reason=reason, since=LATER
            )
        assign(incident=incident, actor=cast.tom, to=cast.erik, at=LATER)
        hand_back(incident=incident, actor=cast.erik, at=LATER)
        assert sees(cast.erik, incident)


def letters_of(incident, number=-1):
    Email.objects.all().delete()
    kinds = ("assigned", "handed_to_team", "handed_back")
    entry = list(incident.journal.filter(kind__in=kinds).order_by("number"))[number]
    letters.notify({"incident": incident.pk, "entry": entry.pk}, at=LATER)
    mails = Email.objects.order_by("to_address")
    return [(mail.to_address.split("@")[0], mail.text.splitlines()[0]) for mail in mails]


class TestLetters:
    def test_to_whom_it_is_given_and_from_whom_it_is_taken(self, cast, incident, liz):
        assign(incident=incident, actor=cast.tom, to=cast.erik, at=LATER, text="Please look.")
        assert letters_of(incident) == [("erik", "Yours from now on")]
        assert "Please look." in Email.objects.get().text
        assign(incident=incident, actor=cast.tom, to=liz, at=LATER)
        assert letters_of(incident) == [
            ("erik", "No longer yours"),
            ("liz", "Yours from now on"),
        ]

    def test_never_to_who_did_it(self, cast, incident):
        take(incident=incident, actor=cast.tess, at=LATER)
        assert letters_of(incident) == []

    def test_to_a_teams_members(self, cast, incident, lab):
        lab.members.add(cast.erik, cast.tom)
        give_to_team(incident=incident, actor=cast.tom, team=lab, at=LATER, text="A sample.")
        heading = "Handed to your team"
        assert letters_of(incident) == [("erik", heading), ("liz", heading)]
        assert ["Lab" in mail.text for mail in Email.objects.all()] == [True, True]

    def test_or_to_its_address(self, cast, incident, lab):
        lab.email = "lab@northlight.example"
        lab.save()
        give_to_team(incident=incident, actor=cast.tom, team=lab, at=LATER)
        assert letters_of(incident) == [("lab", "Handed to your team")]
        assert list(Notice.objects.all()) == []

    def test_given_back_to_whoever_is_responsible(self, cast, incident):
        assign(incident=incident, actor=cast.tom, to=cast.erik, at=LATER)
        hand_back(incident=incident, actor=cast.erik, at=LATER)
        assert letters_of(incident) == [("tom", "Given back")]


def url(incident, noun=""):
    return f"/incidents/{incident.reference}/assignment/{noun}"


def look(signed_in, who, incident, noun="", at=LATER):
    with clock.at(at):
        return signed_in(who).get(url(incident, noun))


def send(signed_in, who, incident, noun="", at=LATER, **typed):
    with clock.at(at):
        return signed_in(who).post(url(incident, noun), typed)


def options(answer):
    return [
        label
        for _value, group in answer.context["form"].fields["to"].choices
        for label in ([label for _key, label in group] if isinstance(group, list) else [group])
    ]


class TestPages:
    @pytest.mark.parametrize(
        ("name", "status"),
        [
            ("tom", 200),
            ("tess", 200),
            ("dana", 200),
            ("hanna", 200),
            ("erik", 404),
            ("bruno", 404),
            ("alice", 404),
            ("ada", 403),
        ],
    )
    def test_who_gives(self, cast, signed_in, incident, name, status):
        assert look(signed_in, getattr(cast, name), incident).status_code == status

    @pytest.mark.parametrize("noun", ["take/", "return/"])
    @pytest.mark.parametrize(("name", "status"), [("erik", 404), ("alice", 404), ("ada", 403)])
    def test_who_takes_and_gives_back(self, cast, signed_in, incident, noun, name, status):
        assert send(signed_in, getattr(cast, name), incident, noun).status_code == status

    def test_who_is_on_offer_with_what_they_have(self, cast, signed_in, incident, lab):
        Absence.objects.create(person=cast.erik, starts_at=MONDAY_NINE, ends_at=LATER + 4 * HOUR)
        assign(incident=cast.file(), actor=cast.tom, to=cast.erik, at=MONDAY_NINE)
        give_to_team(incident=cast.file(), actor=cast.tom, team=lab, at=MONDAY_NINE)
        assert options(look(signed_in, cast.tom, incident)) == [
            "Choose …",
            "Lab · 1 open",
            "Dana · Duty manager · 0 open",
            "Erik · Engineer · 1 open · absent until 03/02/2026 14:00",
            "Hanna · Team head · 0 open",
            "Liz · Engineer · 0 open",
            "Tess · Technical account manager · 0 open",
            "Tom · Technical account manager · 0 open",
        ]

    def test_engineers_hand_to_teams_only(self, cast, signed_in, incident, lab):
        assign(incident=incident, actor=cast.tom, to=cast.erik, at=MONDAY_NINE)
        assert options(look(signed_in, cast.erik, incident)) == ["Choose …", "Lab · 0 open"]
        refused = send(signed_in, cast.erik, incident, to=f"person:{cast.tom.pk}", text="…")
        assert refused.status_code == 422
        sent = send(signed_in, cast.erik, incident, to=f"team:{lab.pk}", text="A sample.")
        assert (sent.status_code, sent.url) == (302, f"/incidents/{incident.reference}/")

    def test_a_team_reads_why(self, cast, signed_in, incident, lab):
        answer = send(signed_in, cast.tom, incident, to=f"team:{lab.pk}")
        assert (answer.status_code, answer.context["form"].errors) == (
            422,
            {"text": ["Say what the team is asked to do."]},
        )

    def test_somebody_absent_is_chosen_knowing_it(self, cast, signed_in, incident):
        Absence.objects.create(person=cast.erik, starts_at=MONDAY_NINE, ends_at=LATER + 4 * HOUR)
        form = {"to": f"person:{cast.erik.pk}", "text": "When you are back."}
        warned = send(signed_in, cast.tom, incident, **form)
        assert (warned.status_code, warned.context["form"].errors) == (
            422,
            {"to": ["Erik is absent until 03/02/2026 14:00. Tick the box below to assign it."]},
        )
        assert "When you are back." in warned.content.decode()
        assert send(signed_in, cast.tom, incident, **form, anyway="on").status_code == 302
        assert assignee(incident) == cast.erik

    def test_back_to_nobody(self, cast, signed_in, incident):
        assign(incident=incident, actor=cast.tom, to=cast.erik, at=MONDAY_NINE)
        assert "Nobody: back to whoever is responsible" in options(
            look(signed_in, cast.tom, incident)
        )
        send(signed_in, cast.tom, incident, to="nobody")
        assert assignee(incident) is None

    def test_what_somebody_else_did_meanwhile_is_told_first(self, cast, signed_in, incident):
        seen = str(incident.journal_length)
        assign(incident=incident, actor=cast.hanna, to=cast.tess, at=MONDAY_NINE)
        form = {"to": f"person:{cast.erik.pk}", "text": "Please look."}
        answer = send(signed_in, cast.tom, incident, **form, seen=seen)
        assert answer.status_code == 409
        assert "Meanwhile Hanna acted" in answer.content.decode()
        again = str(answer.context["form"]["seen"].value())
        assert send(signed_in, cast.tom, incident, **form, seen=again).status_code == 302

    def test_taken_with_one_click(self, cast, signed_in, incident, lab, liz):
        give_to_team(incident=incident, actor=cast.tom, team=lab, at=MONDAY_NINE)
        answers = [send(signed_in, liz, incident, "take/").status_code for _ in range(2)]
        assert (answers, assignee(incident)) == ([302, 302], liz)

    def test_who_comes_too_late_reads_who_has_it(self, cast, signed_in, incident):
        take(incident=incident, actor=cast.tess, at=MONDAY_NINE)
        with clock.at(LATER):
            answer = signed_in(cast.tom).post(url(incident, "take/"), follow=True)
        assert [str(message) for message in answer.context["messages"]] == ["Tess has it already."]

    def test_given_back_twice_it_leads_to_the_inbox_both_times(self, cast, signed_in, incident):
        assign(incident=incident, actor=cast.tom, to=cast.erik, at=MONDAY_NINE)
        assert look(signed_in, cast.erik, incident, "return/").status_code == 200
        form = {"text": "Not mine.", "idempotency_key": KEY}
        answers = [send(signed_in, cast.erik, incident, "return/", **form) for _ in range(2)]
        assert [(answer.status_code, answer.url) for answer in answers] == [(302, "/inbox/")] * 2
        assert [kind for kind, *_ in told(incident)] == ["assigned", "handed_back"]

    def test_given_to_another_twice_it_is_given_once(self, cast, signed_in, incident):
        form = {"to": f"person:{cast.erik.pk}", "text": "", "idempotency_key": KEY}
        answers = [send(signed_in, cast.tom, incident, **form).status_code for _ in range(2)]
        assert answers == [302, 302]
        assert len(told(incident)) == 1

    def test_the_form_costs_the_same_however_many_people(self, cast, signed_in, incident):
        counts = []
        for more in (1, 2):
            for _ in range(more):
                number = User.objects.count()
                User.objects.create_user(
                    f"e{number}@northlight.example",
                    name=f"E{number}",
                    role=Role.ENGINEER,
                    office=cast.office,
                )
                Team.objects.create(name=f"T{number}")
            with CaptureQueriesContext(connection) as captured:
                look(signed_in, cast.tom, incident)
            counts.append(len(captured))
        assert counts[0] == counts[1]
