"""Every state, every act, every role: what comes of it, written out (SPEC 4, 6)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.errors import Conflict, NotAllowed, NotFound
from accounts.models import Team
from incidents.access import Verb, get_incident
from incidents.actions import answering, responding
from incidents.actions.handing import hand_over
from tam.actions.assignment import assign, give_to_team
from tam.actions.escalations import acknowledge, answer_escalation, escalate
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

LATER = MONDAY_NINE + timedelta(hours=2)
STATES = ["received", "in_progress", "awaiting_customer", "solution_offered", "closed"]
WORDS: dict[str, Any] = {"text": "…"}
ACTS: dict[str, tuple[Verb, Callable[..., Any], dict[str, Any]]] = {
    "note": (Verb.NOTE, responding.add_note, WORDS),
    "reply": (Verb.RESPOND, responding.respond, {**WORDS, "qualified": False}),
    "respond": (Verb.RESPOND, responding.respond, WORDS),
    "ask": (Verb.ASK, responding.ask_customer, WORDS),
    "offer": (Verb.OFFER_SOLUTION, responding.offer_solution, WORDS),
    "take back": (Verb.TAKE_BACK, responding.take_back, WORDS),
    "workaround": (Verb.RECORD_WORKAROUND, responding.record_workaround, WORDS),
    "call": (Verb.LOG_CALL, responding.log_call, {**WORDS, "qualified": True}),
    "severity": (Verb.CHANGE_SEVERITY, responding.change_severity, {**WORDS, "severity": 1}),
    "answer": (Verb.ANSWER, answering.answer, WORDS),
    "accept": (Verb.ACCEPT, answering.accept, WORDS),
    "decline": (Verb.DECLINE, answering.decline, WORDS),
    "withdraw": (Verb.WITHDRAW, answering.withdraw, WORDS),
    "reopen": (Verb.REOPEN, answering.reopen, WORDS),
    "escalate": (Verb.ESCALATE, escalate, WORDS),
    "assign": (Verb.ASSIGN, assign, {"to": None}),
    "hand to a team": (Verb.HAND_TO_TEAM, give_to_team, WORDS),
    "acknowledge": (Verb.ANSWER_ESCALATION, acknowledge, WORDS),
    "answer escalation": (Verb.ANSWER_ESCALATION, answer_escalation, WORDS),
}

# The state that each act leads to; an act that stands in no row of a state is refused there.
LEADS_TO = {
    "received": {
        "note": "received",
        "assign": "received",
        "hand to a team": "received",
        "reply": "received",
        "respond": "in_progress",
        "ask": "awaiting_customer",
        "offer": "solution_offered",
        "workaround": "received",
        "call": "in_progress",
        "severity": "received",
        "answer": "received",
        "withdraw": "closed",
        "escalate": "received",
    },
    "in_progress": {
        "note": "in_progress",
        "assign": "in_progress",
        "hand to a team": "in_progress",
        "reply": "in_progress",
        "respond": "in_progress",
        "ask": "awaiting_customer",
        "offer": "solution_offered",
        "workaround": "in_progress",
        "call": "in_progress",
        "severity": "in_progress",
        "answer": "in_progress",
        "withdraw": "closed",
        "escalate": "in_progress",
    },
    "awaiting_customer": {
        "note": "awaiting_customer",
        "assign": "awaiting_customer",
        "hand to a team": "awaiting_customer",
        "reply": "awaiting_customer",
        "offer": "solution_offered",
        "take back": "in_progress",
        "workaround": "awaiting_customer",
        "call": "awaiting_customer",
        "severity": "awaiting_customer",
        "answer": "in_progress",
        "withdraw": "closed",
    },
    "solution_offered": {
        "note": "solution_offered",
        "assign": "solution_offered",
        "hand to a team": "solution_offered",
        "reply": "solution_offered",
        "take back": "in_progress",
        "workaround": "solution_offered",
        "call": "solution_offered",
        "severity": "solution_offered",
        "answer": "in_progress",
        "accept": "closed",
        "decline": "in_progress",
        "withdraw": "closed",
    },
    "closed": {"note": "closed", "reopen": "in_progress"},
}

CONTACTS = {"answer", "accept", "decline", "withdraw", "reopen", "escalate"}
SUPPORT = {"note", "reply", "respond", "ask", "offer", "take back", "workaround", "call"}
SUPPORT |= {"hand to a team"}
TAKES_UP = {"acknowledge", "answer escalation"}
DIRECTS = SUPPORT | {"severity", "reopen", "escalate", "assign"} | TAKES_UP
MAY = {
    "alice": CONTACTS,
    "bob": CONTACTS,
    "tom": DIRECTS,
    "tess": DIRECTS,
    "dana": DIRECTS,
    "hanna": DIRECTS,
    "erik": SUPPORT,  # once it is handed to him
    "bruno": {"note"} | TAKES_UP,  # once it is addressed to him
    "ada": set(),
}


def bring_to(cast, state):
    incident = cast.file("product-malfunction", MONDAY_NINE)
    at = MONDAY_NINE + timedelta(hours=1)
    ways: dict[str, list[Callable[..., Any]]] = {
        "received": [],
        "in_progress": [responding.respond],
        "awaiting_customer": [responding.ask_customer],
        "solution_offered": [responding.offer_solution],
        "closed": [responding.respond, answering.withdraw],
    }
    for step in ways[state]:
        actor = cast.alice if step is answering.withdraw else cast.tom
        incident = step(incident=incident, actor=actor, text="…", at=at)
    return incident


def outcome(cast, incident, person, act):
    verb, action, fields = ACTS[act]
    if act == "call":
        fields = {**fields, "caller": cast.alice}
    if act == "hand to a team":
        fields = {**fields, "team": Team.objects.get_or_create(name="Lab")[0]}
    try:
        with transaction.atomic():
            found = get_incident(person, incident.reference, verb, LATER)
            action(incident=found, actor=person, at=LATER, **fields)
            found.refresh_from_db()
            reached = str(found.state)
            transaction.set_rollback(True)
    except NotFound:
        return "not found"
    except NotAllowed:
        return "not allowed"
    except Conflict:
        return "conflict"
    return reached


def expected(state, name, act):
    if act not in MAY[name]:
        return "not allowed"
    return LEADS_TO[state].get(act, "conflict")


@pytest.mark.parametrize("state", STATES)
def test_every_act_of_everyone(cast, state):
    incident = bring_to(cast, state)
    for name in ("erik", "bruno"):
        hand_over(incident, [getattr(cast, name)], MONDAY_NINE)
    found = {
        (name, act): outcome(cast, incident, getattr(cast, name), act)
        for name in MAY
        for act in ACTS
    }
    assert found == {(name, act): expected(state, name, act) for name in MAY for act in ACTS}


WHOSE = {1: {"tom", "tess", "dana"}, 2: {"hanna"}, 3: {"bruno"}}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_an_escalation_is_taken_up_in_any_state_by_whom_it_is_addressed_to(cast, state, level):
    incident = bring_to(cast, "received")
    for _ in range(level):
        escalate(incident=incident, actor=cast.alice, text="…", at=MONDAY_NINE)
    steps: dict[str, list[tuple[Callable[..., Any], Any]]] = {
        "in_progress": [(responding.respond, cast.tom)],
        "awaiting_customer": [(responding.ask_customer, cast.tom)],
        "solution_offered": [(responding.offer_solution, cast.tom)],
        "closed": [(answering.withdraw, cast.alice)],
    }
    for step, actor in steps.get(state, []):
        step(incident=incident, actor=actor, text="…", at=MONDAY_NINE + timedelta(hours=1))
    hand_over(incident, [cast.erik, cast.bruno], MONDAY_NINE)
    found = {
        (name, act): outcome(cast, incident, getattr(cast, name), act)
        for name in MAY
        for act in TAKES_UP
    }
    assert found == {
        (name, act): state if name in WHOSE[level] else "not allowed"
        for name in MAY
        for act in TAKES_UP
    }


@pytest.mark.parametrize("name", ["olga", "erik", "bruno"])
def test_who_may_not_know_of_it_finds_nothing(cast, name):
    incident = bring_to(cast, "received")
    found = {act: outcome(cast, incident, getattr(cast, name), act) for act in ACTS}
    assert found == dict.fromkeys(ACTS, "not found")


def test_a_duty_manager_off_shift_sees_what_they_handled_and_does_nothing(cast):
    incident = bring_to(cast, "received")
    other = bring_to(cast, "received")
    responding.add_note(incident=incident, actor=cast.dana, text="…", at=LATER)
    cast.dana.shifts.all().delete()
    assert outcome(cast, incident, cast.dana, "respond") == "not allowed"
    assert get_incident(cast.dana, incident.reference, Verb.SEE, LATER) == incident
    assert outcome(cast, other, cast.dana, "respond") == "not found"


def test_a_contact_without_a_slot_on_it_sees_and_does_nothing(cast):
    incident = bring_to(cast, "received")
    cast.certificate.contacts.get(user=cast.bob).delete()
    assert get_incident(cast.bob, incident.reference, Verb.SEE, LATER) == incident
    assert {outcome(cast, incident, cast.bob, act) for act in CONTACTS} == {"not allowed"}
