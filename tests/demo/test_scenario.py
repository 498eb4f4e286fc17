"""The demo scenario, checked as a file by itself: whenever it is loaded, it tells the same story.

Nothing of the product is used here. The instants are resolved for many moments of loading, and a
plain table of states (SPEC 6) lives each incident through.
"""

import calendar
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

Line = dict[str, Any]

UTC_ZONE = ZoneInfo("UTC")
SCENARIO = Path(__file__).parents[2] / "demo" / "scenario.jsonl"
LINES: list[Line] = [json.loads(line) for line in SCENARIO.read_text("utf-8").splitlines()]

SEVERITIES = {
    "product-network-down": 1,
    "product-crash-or-loss": 1,
    "product-malfunction": 2,
    "product-partial": 3,
    "product-other": 4,
    "malware-network-down": 1,
    "malware-outbreak": 1,
    "malware-false-alarm-critical": 1,
    "malware-nodes-infected": 2,
    "malware-false-alarm": 2,
    "malware-advice": 3,
    "service-request": 3,
    "service-information": 4,
}

VENDOR_SIDE = {"received", "in_progress"}
CUSTOMER_SIDE = {"awaiting_customer", "solution_offered"}
OPEN = VENDOR_SIDE | CUSTOMER_SIDE

# act: (who, states it may start from, state it leads to; None leaves the state)
STAFF, CONTACT = "staff", "contact"
ACTS: dict[str, tuple[str, set[str], str | None]] = {
    "respond": (STAFF, VENDOR_SIDE, "in_progress"),
    "ask": (STAFF, VENDOR_SIDE, "awaiting_customer"),
    "offer_solution": (STAFF, VENDOR_SIDE | {"awaiting_customer"}, "solution_offered"),
    "take_back": (STAFF, CUSTOMER_SIDE, "in_progress"),
    "change_severity": (STAFF, OPEN, None),
    "record_workaround": (STAFF, OPEN, None),
    "log_call": (STAFF, OPEN, None),
    "note": (STAFF, OPEN, None),
    "assign": (STAFF, OPEN, None),
    "hand_to_team": (STAFF, OPEN, None),
    "acknowledge": (STAFF, VENDOR_SIDE, None),
    "answer_escalation": (STAFF, VENDOR_SIDE, None),
    "answer": (CONTACT, OPEN, None),
    "accept": (CONTACT, {"solution_offered"}, "solved"),
    "decline": (CONTACT, {"solution_offered"}, "in_progress"),
    "withdraw": (CONTACT, OPEN, "withdrawn"),
    "escalate": (CONTACT, VENDOR_SIDE, None),
    "reopen": (CONTACT, {"solved", "withdrawn", "no_reply"}, None),
}
QUALIFIED = {"respond", "ask", "offer_solution"}

FIELDS = {
    "office": {"key", "name", "country", "holidays_from", "calendar", "phone", "email"},
    "staff": {"key", "role", "office", "name", "email", "language", "timezone", "phone", "mobile"},
    "customer": {"key", "name", "country"},
    "certificate": {
        *("key", "number", "customer", "programme", "office", "valid_from", "valid_until"),
        *("tam", "deputy", "products", "contacts"),
    },
    "absence": {"person", "from", "until"},
    "shift": {"person", "office", "from", "until"},
    "file": {
        *("key", "at", "by", "certificate", "category", "channel", "product", "version"),
        *("language", "title", "text"),
    },
    "reopen": {"incident", "at", "by"},
    "change_severity": {"incident", "at", "by", "severity", "text"},
    "log_call": {"incident", "at", "by", "caller", "qualified", "text"},
    "team": {"key", "name", "field", "members"},
    "template": {"at", "by", "name", "kind", "texts"},
    "handling_note": {"at", "by", "customer", "text"},
    "advice": {"at", "by", "certificate", "title", "text", "action", "whose", "date"},
    "assign": {"incident", "at", "by", "to", "text"},
    "hand_to_team": {"incident", "at", "by", "team", "text"},
}
OPTIONAL = {"office": {"acknowledge"}}
OF_NO_INCIDENT = {"template", "handling_note", "advice"}
NO_PRODUCT = {"malware-advice", "malware-network-down"}  # may concern machines without any

# Incidents whose month ends within days of loading: in a short month it has ended already.
AT_THE_EDGE = {"fr-siem-connector", "nl-web-control", "zh-upgrade-plan"}


@dataclass
class Life:
    """What has become of one incident."""

    filed: Line
    at: datetime
    severity: int
    changed_at: datetime
    state: str = "received"
    customer_side_until: datetime | None = None
    responded_at: datetime | None = None
    level: int = 0

    @property
    def due_at(self) -> datetime | None:
        """Due time of the first response where no calendar has a say: by phone, severity 1 and 2.

        Severity changes are left out; no such incident of the demo is changed before its response.
        """
        target = {1: timedelta(minutes=30), 2: timedelta(hours=4)}
        severity = SEVERITIES[self.filed["category"]]
        by_clock = self.filed["channel"] == "phone" and severity in target
        return self.at + target[severity] if by_clock else None


def test_every_line_names_only_known_fields_and_things():
    seen: dict[str, set[str]] = {}
    text_act = {"incident", "at", "by", "text"}
    for number, line in enumerate(LINES):
        do = line["do"]
        expected = FIELDS.get(do, text_act) | {"do"}
        extra = set(line) - expected
        missing = expected - set(line)
        if do == "file" and line["category"] in NO_PRODUCT:
            missing -= {"product", "version"}
        assert (extra - OPTIONAL.get(do, set()), missing) == (set(), set()), number
        assert do in FIELDS or do in ACTS, number
        for name, kind in (
            ("office", "office"),
            ("customer", "customer"),
            ("incident", "file"),
            ("team", "team"),
        ):
            if name in line:
                assert line[name] in seen[kind], number
        if "key" in line:
            assert line["key"] not in seen.setdefault(do, set()), number
            seen[do].add(line["key"])


def test_cast():
    assert [line["country"] for line in each("customer")] == ["FR", "CN", "NL", "RU"]
    assert [line["calendar"]["timezone"] for line in each("office")] == [
        *("Europe/Paris", "Asia/Shanghai", "Europe/Amsterdam", "Europe/Moscow")
    ]
    roles = " ".join(line["role"] for line in each("staff"))
    assert roles == (
        "tam tam duty_manager duty_manager engineer team_head business_manager administrator"
    )
    assert [person["language"] for person in contacts().values()] == [
        *("fr", "en", "zh-hans", "nl", "ru")
    ]
    people = [*each("staff"), *contacts().values()]
    assert len({person["email"] for person in people}) == 13
    assert all(person["email"].endswith(".example") for person in people)


def test_history_is_rich():
    filed = list(each("file"))
    assert Counter(SEVERITIES[line["category"]] for line in filed) == {1: 13, 2: 24, 3: 21, 4: 8}
    assert {line["category"] for line in filed} == set(SEVERITIES)
    languages = Counter(line["language"] for line in filed)
    assert languages == {"fr": 14, "en": 13, "zh-hans": 13, "nl": 13, "ru": 13}
    assert {line["channel"] for line in filed} == {"portal", "phone", "email", "api"}
    assert {line["do"] for line in LINES if "incident" in line} == set(ACTS)
    oldest = min(life.at for life in play(datetime(2026, 11, 20, 12, tzinfo=UTC)).values())
    assert oldest == datetime(2026, 8, 14, 11, 30, tzinfo=UTC)


def test_texts_suit_their_language_and_every_day_of_loading():
    products = {line["key"]: set(line["products"]) for line in each("certificate")}
    for line in LINES:
        if line["do"] == "file":
            assert line["language"] == contacts()[line["by"]]["language"]
            assert line.get("product") in products[line["certificate"]] | {None}
        for text in (line[name] for name in ("title", "text") if name in line):
            assert text == text.strip()
            assert text, line
            assert not re.search(r"\n\n\n|[ \t]\n|\d{4}-\d\d-\d\d", text), line
            assert text.count("```") % 2 == 0, line
            assert script_suits(text, line), line


def test_incidents_live_by_the_rules_whenever_loaded():
    for now in moments():
        assert len(play(now)) == 66


def test_states_whenever_loaded():
    """Only where a month ends near the loading may an incident be closed or still open."""
    for now in moments():
        lives = play(now)
        steady = Counter(life.state for key, life in lives.items() if key not in AT_THE_EDGE)
        assert steady == {
            "received": 15,
            "in_progress": 17,
            "awaiting_customer": 7,
            "solution_offered": 5,
            "solved": 14,
            "withdrawn": 2,
            "no_reply": 3,
        }, now
        assert {lives[key].state for key in AT_THE_EDGE} <= {"awaiting_customer", "no_reply"}, now


def test_something_burns_whenever_loaded():
    for now in moments():
        lives = play(now)
        waiting = {
            key: (life.due_at - now) / timedelta(minutes=1)
            for key, life in lives.items()
            if life.responded_at is None and life.due_at is not None
        }
        assert waiting == {
            "fr-tills-crash": 8,
            "ru-cargo-database": 15,
            "zh-mes-quarantine": 24,
            "en-stores-infected": 42,
            "en-agent-upgrade": 130,
            "nl-tablet-lock": 205,
            "nl-ward-network": -50,
            "fr-mail-queue": -100,
            "zh-mail-attachments": -300,
        }, now


def test_a_month_is_about_to_end_and_some_were_reminded_whenever_loaded():
    for now in moments():
        left = [
            life.customer_side_until - now
            for life in play(now).values()
            if life.customer_side_until is not None and life.state == "awaiting_customer"
        ]
        # Nothing asked in February can be due on the last days of March.
        end_of_march = now.month == 3 and now.day >= 27
        soon = timedelta(days=5) if end_of_march else timedelta(hours=36)
        assert min(left) <= soon, now
        assert any(timedelta(days=7) < rest < timedelta(days=14) for rest in left), now


# How the file is read


def each(do: str) -> Iterator[Line]:
    return (line for line in LINES if line["do"] == do)


def contacts() -> dict[str, Line]:
    return {person["key"]: person for line in each("certificate") for person in line["contacts"]}


def moments() -> Iterator[datetime]:
    """Every weekday at several hours, at plain times, clock changes, New Year and short months."""
    for monday in (
        *((2026, 7, 13), (2026, 10, 19), (2026, 10, 26), (2026, 11, 23), (2026, 12, 28)),
        *((2027, 3, 1), (2027, 3, 22), (2027, 3, 29), (2027, 5, 3), (2028, 2, 28)),
    ):
        for hour in range(0, 7 * 24, 5):
            yield datetime(*monday, tzinfo=UTC) + timedelta(hours=hour, minutes=17)


def resolve(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Turn `now-2d4h10m` or `day-8 09:42` into an instant, as demo/README.md defines them."""
    if found := re.fullmatch(r"now([+-])(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?", text):
        days, hours, minutes = (int(part or 0) for part in found.groups()[1:])
        span = timedelta(days=days, hours=hours, minutes=minutes)
        return now + span if found[1] == "+" else now - span
    found = re.fullmatch(r"day-([1-9]\d*) (\d\d):(\d\d)", text)
    assert found, text
    day = now.astimezone(zone).date()
    for _ in range(int(found[1])):
        day -= timedelta(days={0: 3, 6: 2}.get(day.weekday(), 1))
    local = datetime(day.year, day.month, day.day, int(found[2]), int(found[3]), tzinfo=zone)
    return local.astimezone(UTC)


def script_suits(text: str, line: Line) -> bool:
    """Whether contacts write in their own script; a translation left out would show here."""
    language = contacts().get(line["by"], {}).get("language")
    if language == "zh-hans":
        return bool(re.search(r"[\u4e00-\u9fff]", text))
    if language == "ru":
        return bool(re.search(r"[а-яё]", text))
    return language is None or not re.search(r"[\u4e00-\u9fffа-яё]", text)


# How an incident lives


@cache
def play(now: datetime) -> dict[str, Life]:
    """Live every incident up to `now`; an act against the rules fails the test."""
    lives: dict[str, Life] = {}
    for line in LINES:
        if "at" not in line or line["do"] in OF_NO_INCIDENT:
            continue
        key = line.get("incident") or line["key"]
        filed = lives[key].filed if key in lives else line
        at = resolve(line["at"], now, zone_of(filed))
        assert at < now, line
        if line["do"] == "file":
            assert line["by"] in contacts_of(line), line
            lives[key] = Life(line, at, SEVERITIES[line["category"]], changed_at=at)
        else:
            act(lives[key], line, at, now)
    for life in lives.values():
        expire(life, now)
    return lives


def act(life: Life, line: Line, at: datetime, now: datetime) -> None:
    expire(life, at)
    breach(life, at)
    who, starts, end = ACTS[line["do"]]
    assert at > life.changed_at, line
    assert life.state in starts, (line, life.state, now)
    if who == CONTACT:
        assert line["by"] in contacts_of(life.filed), line
    else:
        assert may_work(line, life, at, now), (line, now)
    if line["do"] in QUALIFIED or line.get("qualified"):
        life.responded_at = life.responded_at or at
    follow(life, line, at, end)
    life.changed_at = at


def follow(life: Life, line: Line, at: datetime, end: str | None) -> None:
    """Change what the act changes beside its author's words."""
    do = line["do"]
    before = life.state
    if do == "reopen":
        assert at <= life.changed_at + timedelta(days=14), line
        end = "in_progress" if life.responded_at else "received"
    elif (do == "answer" and before in CUSTOMER_SIDE) or line.get("qualified"):
        end = "in_progress"
    elif do == "escalate":
        assert life.level < 3, line
        life.level += 1
    elif do == "record_workaround":
        assert life.severity == 1, line
        life.severity = 2
    elif do == "change_severity":
        assert line["severity"] != life.severity, line
        life.severity = line["severity"]
    life.state = end or before
    if life.state not in CUSTOMER_SIDE:
        life.customer_side_until = None
    elif before not in CUSTOMER_SIDE:
        life.customer_side_until = month_after(at, zone_of(life.filed))


def expire(life: Life, at: datetime) -> None:
    """Close what has been on the customer's side for a month (SPEC 8)."""
    if life.customer_side_until is not None and life.customer_side_until < at:
        life.state, life.changed_at = "no_reply", life.customer_side_until
        life.customer_side_until = None


def breach(life: Life, at: datetime) -> None:
    """Open level 2 where a response by phone's clock is late (SPEC 7.8)."""
    if life.due_at and life.responded_at is None and life.due_at < at:
        life.level = max(life.level, 2)


def may_work(line: Line, life: Life, at: datetime, now: datetime) -> bool:
    """Whether the staff person sees the incident and may do this (SPEC 4)."""
    certificate = certificate_of(life.filed)
    person = next(staff for staff in each("staff") if staff["key"] == line["by"])
    role: str = person["role"]
    if line["do"] in {"acknowledge", "answer_escalation"}:
        addressed = {1: "tam", 2: "team_head", 3: "business_manager"}.get(life.level)
        own_office = role == "tam" or person["office"] == certificate["office"]
        return role == addressed and bool(own_office)
    if role == "tam":
        return line["by"] in {certificate["tam"], certificate["deputy"]}
    if role == "team_head":
        return bool(person["office"] == certificate["office"])
    return role == "duty_manager" and any(
        shift["person"] == line["by"]
        and shift["office"] == certificate["office"]
        and resolve(shift["from"], now, UTC_ZONE) <= at < resolve(shift["until"], now, UTC_ZONE)
        for shift in each("shift")
    )


def month_after(at: datetime, zone: ZoneInfo) -> datetime:
    """One calendar month later by the wall clock; a skipped time moves on by the skip."""
    local = at.astimezone(zone)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    day = min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day, fold=0).astimezone(UTC)


def certificate_of(filed: Line) -> Line:
    return next(line for line in each("certificate") if line["key"] == filed["certificate"])


def contacts_of(filed: Line) -> set[str]:
    return {person["key"] for person in certificate_of(filed)["contacts"]}


def zone_of(filed: Line) -> ZoneInfo:
    office = certificate_of(filed)["office"]
    calendars = {line["key"]: line["calendar"] for line in each("office")}
    return ZoneInfo(calendars[office]["timezone"])
