"""Playing a scenario: each act goes through the same function as the button in the portal."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import date, datetime
from functools import partial
from itertools import count
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, transaction

from accounts.errors import Refused
from accounts.models import User
from accounts.tenancy import set_scope
from incidents.access import Verb, get_incident
from incidents.actions import answering, filing, responding
from incidents.actions.deadlines import fire_earlier_than, fire_watched
from incidents.actions.planning import Watched, watch
from incidents.models import Category, Incident
from incidents.states import Channel
from msa.outbox import relay
from msa.outbox.actions import News, catch
from msa.scenarios import desk
from msa.scenarios.lines import Line
from msa.scenarios.setting import EPOCH, Setting
from msa.wiring import HANDLERS, REACTIONS
from tam.actions import escalations
from tam.actions.climbing import climb_earlier_than

# What acts and the database raise for values of another kind than the format's.
UNREADABLE = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    ObjectDoesNotExist,
    DatabaseError,
    ValidationError,
)


class Player:
    """Plays lines in order, inside the caller's transaction.

    `incidents` are those that were filed, by key and in order; `refused` the numbers of the lines
    that the rules did not allow; `ended_at` the instant of the last line that has one. Only the
    play's own incidents meet its time; `today` is where relative dates count from.

    A rehearsal is for a transaction that will be rolled back: it holds nothing that the live desk
    needs, gives references of its own, writes no letters, and hands messages straight to whom they
    concern.
    """

    def __init__(
        self, *, today: date, password: str | None = None, rehearsal: bool = False
    ) -> None:
        self.setting = Setting(today=today, password=password, rehearsal=rehearsal)
        self.incidents: dict[str, Incident] = {}
        self.refused: list[int] = []
        self.ended_at = EPOCH
        self._rehearsal = rehearsal
        self._refused_filings: set[str] = set()
        self._categories: dict[str, Category] = {}
        self._numbers = count(1)
        self._news: deque[News] = deque()
        self._watched: Watched = {}

    def play(self, lines: Iterable[Line]) -> None:
        """Play; raises `ScenarioError` for a line that cannot be understood."""
        set_scope(staff=True)
        with ExitStack() as stack:
            if self._rehearsal:
                self._news = stack.enter_context(catch())
                self._watched = stack.enter_context(watch())
            for line in lines:
                self._play(line)

    def _play(self, line: Line) -> None:
        act = ACTS.get(line.do)
        if act is None:
            raise line.error(f"“{line.do}” is no act.")
        if line.at:
            self._let_time_pass(line.at)
        try:
            act(self, line)
        except Refused:
            self.refused.append(line.number)
            self._news.clear()
        except UNREADABLE as error:
            raise line.error(f"cannot be played: {type(error).__name__}: {error}") from error
        self._deliver()

    def _let_time_pass(self, at: datetime) -> None:
        if self._rehearsal:
            fired = fire_watched(self._watched, at)
        else:
            fired = fire_earlier_than(at, among=self.incidents.values()) if self.incidents else 0
        if fired:
            self._deliver()
        if self.setting.escalations_climb and climb_earlier_than(at, among=self.incidents.values()):
            self._deliver()
        self.ended_at = at

    def _deliver(self) -> None:
        if not self._rehearsal:
            relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
        while self._news:
            news = self._news.popleft()
            for handler in REACTIONS.get(news.topic, ()):
                handler(news.payload, at=news.at)

    def step(self) -> AbstractContextManager[None]:
        """Undo what a refused line has begun; of a rehearsal all is undone in the end."""
        return nullcontext() if self._rehearsal else transaction.atomic()

    # Acts on incidents.

    def file(self, line: Line) -> None:
        key = line.text("key")
        self._refused_filings.add(key)
        author = "contact" if "contact" in line.fields else "by"
        product = line.fields.get("product")
        self.incidents[key] = filing.file_incident(
            certificate=self.setting.named_certificate(line),
            category=self._category(line),
            author=self.setting.named_person(line, author),
            actor=self.setting.named_person(line, "by"),
            title=line.text("title"),
            text=line.text("text"),
            at=line.instant(),
            channel=_channel(line),
            product=self.setting.product(product) if product else None,
            product_version=line.fields.get("version", ""),
            reference=f"TRY{self.setting.mark}-{next(self._numbers)}" if self._rehearsal else "",
        )
        self._refused_filings.discard(key)

    def log_call(self, line: Line) -> None:
        incident, actor = self._incident(line, Verb.LOG_CALL)
        responding.log_call(
            incident=incident,
            actor=actor,
            caller=self.setting.named_person(line, "caller"),
            qualified=bool(line.fields.get("qualified")),
            text=line.text("text"),
            at=line.instant(),
        )

    def change_severity(self, line: Line) -> None:
        incident, actor = self._incident(line, Verb.CHANGE_SEVERITY)
        responding.change_severity(
            incident=incident,
            actor=actor,
            severity=line.whole("severity"),
            text=line.text("text"),
            at=line.instant(),
        )

    def reopen(self, line: Line) -> None:
        incident, actor = self._incident(line, Verb.REOPEN)
        answering.reopen(
            incident=incident, actor=actor, at=line.instant(), text=line.fields.get("text", "")
        )

    def assign(self, line: Line) -> None:
        desk.assigned(self.setting, line, self._incident(line, Verb.ASSIGN))

    def hand_to_team(self, line: Line) -> None:
        desk.handed_to_team(self.setting, line, self._incident(line, Verb.HAND_TO_TEAM))

    def end(self, line: Line) -> None:
        line.instant()

    def say(self, line: Line, verb: Verb, act: Callable[..., Any]) -> None:
        """An act whose only word is a text."""
        incident, actor = self._incident(line, verb)
        act(incident=incident, actor=actor, text=line.text("text"), at=line.instant())

    # How lines lead to things.

    def _incident(self, line: Line, verb: Verb) -> tuple[Incident, User]:
        key = line.text("incident")
        actor = self.setting.named_person(line, "by")
        if key in self._refused_filings:
            raise Refused(f"“{key}” was not filed.")
        if key not in self.incidents:
            raise line.error(f"“{key}” is not known as incident.")
        reference = self.incidents[key].reference
        found = get_incident(actor, reference, verb, line.instant(), related=())
        return found, actor

    def _category(self, line: Line) -> Category:
        key = line.text("category")
        if key not in self._categories:
            found = Category.objects.filter(key=key).first()
            if found is None:
                raise line.error(f"“{key}” is no category.")
            self._categories[key] = found
        return self._categories[key]


def _channel(line: Line) -> Channel:
    name = line.fields.get("channel", Channel.PORTAL)
    if name not in set(Channel):
        raise line.error(f"“{name}” is no channel.")
    return Channel(name)


def _setting(act: Callable[[Setting, Line], None]) -> Callable[[Player, Line], None]:
    """Setting things up takes several steps, undone together; an act on an incident is one."""

    def set_up(player: Player, line: Line) -> None:
        with player.step():
            act(player.setting, line)

    return set_up


def _saying(verb: Verb, act: Callable[..., Any]) -> Callable[[Player, Line], None]:
    return lambda player, line: player.say(line, verb, act)


ACTS: Mapping[str, Callable[[Player, Line], None]] = {
    "office": _setting(Setting.office),
    "staff": _setting(Setting.staff),
    "customer": _setting(Setting.customer),
    "programme": _setting(Setting.programme),
    "certificate": _setting(Setting.certificate),
    "absence": _setting(Setting.absence),
    "shift": _setting(Setting.shift),
    "close_day": _setting(Setting.close_day),
    "calendar": _setting(Setting.calendar),
    "hours": _setting(Setting.hours),
    "file": Player.file,
    "respond": _saying(Verb.RESPOND, responding.respond),
    "reply": _saying(Verb.RESPOND, partial(responding.respond, qualified=False)),
    "ask": _saying(Verb.ASK, responding.ask_customer),
    "offer_solution": _saying(Verb.OFFER_SOLUTION, responding.offer_solution),
    "take_back": _saying(Verb.TAKE_BACK, responding.take_back),
    "note": _saying(Verb.NOTE, responding.add_note),
    "record_workaround": _saying(Verb.RECORD_WORKAROUND, responding.record_workaround),
    "change_severity": Player.change_severity,
    "log_call": Player.log_call,
    "answer": _saying(Verb.ANSWER, answering.answer),
    "accept": _saying(Verb.ACCEPT, answering.accept),
    "decline": _saying(Verb.DECLINE, answering.decline),
    "withdraw": _saying(Verb.WITHDRAW, answering.withdraw),
    "reopen": Player.reopen,
    **{name: _setting(act) for name, act in desk.ABOUT_NO_INCIDENT.items()},
    "assign": Player.assign,
    "hand_to_team": Player.hand_to_team,
    "escalate": _saying(Verb.ESCALATE, escalations.escalate),
    "acknowledge": _saying(Verb.ANSWER_ESCALATION, escalations.acknowledge),
    "answer_escalation": _saying(Verb.ANSWER_ESCALATION, escalations.answer_escalation),
    "end": Player.end,
}
