#!/usr/bin/env python3
"""Check an evidence file without the program that made it: python3 check_evidence.py FILE.

Needs Python 3.11 or later and nothing else (on Windows also the package tzdata). What each check
means, and what no check can prove, stands in evidence.md. Ends with 1 at any difference.
"""

# Read and run by people who check us, without our tools.
# ruff: noqa: ANN001, ANN201, ANN202, ANN204, ANN206, T201

import hashlib
import hmac
import json
import sys
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LONGEST_WALK = timedelta(days=3660)  # ten years: promises end long before

# What a customer is told, and which of it is a qualified response (so is a call marked as one).
QUALIFIED = {"responded", "asked", "solution_offered"}
WORDS = QUALIFIED | {"replied", "workaround_recorded", "call_logged"}
RETURNS = {"answered", "declined", "taken_back"}  # the move to the vendor
CUSTOMER_STATES = {"awaiting_customer", "solution_offered"}
CLOSURES = {"accepted": "solved", "expired": "no_reply", "withdrawn": "withdrawn"}
STOPS = {"clock_stopped", "clock_ended"}
SUMMARY = ("kind", "received_at", "started_at", "due_at", "waits_for_call", "promises")


def main(arguments):
    if len(arguments) != 1:
        print(__doc__)
        return 2
    try:
        evidence = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        differences = check(evidence, say=print)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        print(f"This is no evidence that can be read: {type(error).__name__}: {error}")
        return 1
    for clock in evidence["clocks"]:
        used = timedelta(seconds=clock["used"]["seconds"])
        allowed = timedelta(seconds=clock["used"]["of_seconds"])
        print(
            f"{clock['kind']}: {clock['verdict']}; used {used} of {allowed}, due {clock['due_at']}"
        )
    print(f"{differences} differences." if differences else "Everything agrees.")
    return 1 if differences else 0


def check(evidence, say):
    """Make every check, say what came of it, and return the number of differences."""
    total = 0
    for name, make in CHECKS:
        differences = list(make(evidence))
        say(f"{'WRONG' if differences else 'ok':5} {name}")
        for difference in differences:
            say(f"      {difference}")
        total += len(differences)
    return total


# The file and the chain.


def check_format(evidence):
    if (evidence["format"], evidence["version"]) != ("msa-desk-evidence", 1):
        yield "this program does not know the format"


def check_seal(evidence):
    content = {key: value for key, value in evidence.items() if key != "seal"}
    if sha256(content) != evidence["seal"]:
        yield "the content does not have the seal's digest"


def check_chain(evidence):
    """Each event's hash covers it and the hash before; what is withheld keeps its place."""
    previous = ""
    for number, event in enumerate(evidence["events"], start=1):
        if event["number"] != number:
            yield f"event {event['number']} stands where {number} should"
        if event["previous_hash"] != previous:
            yield f"event {number} does not hold the hash of the event before it"
        if not event.get("withheld") and sha256(content_of(event, evidence)) != event["hash"]:
            yield f"event {number} does not have its hash"
        previous = event["hash"]
    if evidence["head"] != {"length": len(evidence["events"]), "hash": previous}:
        yield "the head is not that of the last event"


def content_of(event, evidence):
    """Return what an event's hash is made of."""
    message = event["message"]
    return {
        "incident": evidence["incident"]["id"],
        "customer": evidence["incident"]["customer"]["id"],
        "message": message["id"] if message else None,
        **{
            name: event[name]
            for name in (
                "number",
                "at",
                "recorded_at",
                "kind",
                "actor",
                "text_hash",
                "data",
                "previous_hash",
            )
        },
    }


def check_texts(evidence):
    """A text's hash is keyed, so that nobody can guess at an erased one."""
    for event in disclosed(evidence):
        message = event["message"]
        if message is None:
            expected = ""
        elif message.get("erased"):
            continue
        else:
            content = json.dumps(
                [message["text"], *(file["sha256"] for file in message["files"])],
                ensure_ascii=False,
            )
            key = bytes.fromhex(message["digest_key"])
            expected = hmac.new(key, content.encode(), hashlib.sha256).hexdigest()
        if event["text_hash"] != expected:
            yield f"event {event['number']} does not have the hash of its text and files"


def check_calendars(evidence):
    for digest, calendar in evidence["calendars"].items():
        if sha256(calendar) != digest:
            yield f"calendar {digest[:12]} does not have its digest"
    zone = evidence["calendars"][evidence["sides"]["calendar"]]["timezone"]
    if evidence["office"]["timezone"] != zone:
        yield "the office's zone is not its calendar's"


# What follows from the events.


def check_facts(evidence):
    """The incident must be what its events made of it."""
    incident, events = evidence["incident"], disclosed(evidence)
    filed, life = events[0], Life(events)
    expected = {
        "received_at": filed["at"],
        "channel": filed["data"]["channel"],
        "category": filed["data"]["category"],
        "severity": life.severity,
        "state": life.state,
        "closure": life.closure,
        "closed_at": life.closed_at,
    }
    for name, value in expected.items():
        if incident[name] != value:
            yield f"{name} should be {value}, by the events"
    printed = evidence["certificate"]["printed"]
    if printed["number"] != evidence["certificate"]["number"]:
        yield "the certificate's number is not the printed one"
    if printed["programme"] != evidence["programme"]:
        yield "the programme is not the printed one"
    for event in events:
        if event["actor"] is not None and str(event["actor"]) not in evidence["people"]:
            yield f"event {event['number']} is somebody's who is not named"
    latest = {"as_of": "at", "recorded_until": "recorded_at"}
    for name, column in latest.items():
        last = max(event[column] for event in events)
        hidden = len(events) < len(evidence["events"])
        if evidence[name] != last and not (hidden and evidence[name] > last):
            yield f"{name} is not the last event's"


class Life:
    """What the events make of an incident: its severity, its state, and whose move it was when."""

    def __init__(self, events):
        self.severity = events[0]["data"]["severity"]
        self.state, self.closure, self.closed_at = "received", None, None
        self.sides = [["vendor", events[0]["at"], None]]
        self.answered = False
        for event in events[1:]:
            self._happens(event)

    def _happens(self, event):
        kind, data = event["kind"], event["data"]
        if kind == "severity_changed":
            self.severity = data["to"] if self.severity == data["from"] else None
        elif kind == "asked":
            self._move("awaiting_customer", event)
        elif kind == "solution_offered":
            self._move("solution_offered", event)
        elif kind in RETURNS and self.state in CUSTOMER_STATES:
            self._move("in_progress", event)
        elif kind in CLOSURES:
            self._move("closed", event)
            self.closure, self.closed_at = CLOSURES[kind], event["at"]
        elif kind == "reopened":
            self._move("in_progress" if self.answered else "received", event)
        elif kind == "expiry_set_aside":  # an answer had arrived before the month's end
            self.sides[-1][2] = event["at"]
            self._move("in_progress", event)
        elif is_qualified(event) and self.state == "received":
            self._move("in_progress", event)
        self.answered = self.answered or is_qualified(event)

    def _move(self, state, event):
        before, self.state = side_of(self.state), state
        self.closure = self.closed_at = None
        if side_of(state) == before:
            return
        at = event["at"]
        if before:
            at = self.sides[-1][2] = max(at, self.sides[-1][1])
        if side_of(state):
            self.sides.append([side_of(state), at, None])


def check_sides(evidence):
    """Whose move it was, from the events; and how long, by the calendar as it stood at the end."""
    sides = evidence["sides"]
    office = office_of(evidence, sides["calendar"])
    told = [[one["side"], one["from"], one["until"]] for one in sides["intervals"]]
    if told != Life(disclosed(evidence)).sides:
        yield "the sides' intervals are not those that the events make"
    sums = {"vendor": [0, 0], "customer": [0, 0]}
    for one in sides["intervals"]:
        since = instant(one["from"])
        until = max(instant(one["until"] or evidence["as_of"]), since)
        working = seconds_in(office.openings(since, until))
        if one["elapsed_seconds"] != seconds_in([(since, until)]):
            yield f"elapsed time from {one['from']} on is {seconds_in([(since, until)])} seconds"
        if one["working_seconds"] != working:
            yield f"working time from {one['from']} on is {working} seconds"
        sums[one["side"]][0] += one["elapsed_seconds"]
        sums[one["side"]][1] += one["working_seconds"]
    if sums["vendor"] != [sides["vendor_elapsed_seconds"], sides["vendor_working_seconds"]]:
        yield f"the vendor's sums are {sums['vendor']}"
    if sums["customer"][0] != sides["customer_elapsed_seconds"]:
        yield f"the customer's sum is {sums['customer'][0]}"


# The clocks.


def check_histories(evidence):
    """Every due time ever told follows from its promises and its calendar."""
    for history in histories_of(evidence):
        yield from history.wrong


def histories_of(evidence):
    """Return the clocks that the events tell of, in the order of the file."""
    histories = []
    for event in disclosed(evidence):
        if event["kind"] == "clock_started":
            histories.append(History(event, evidence))
        elif event["kind"].startswith("clock_") or event["kind"] == "breach_set_aside":
            summary = event["data"].get("to", event["data"])
            same = [one for one in histories if one.is_of(summary)]
            same[-1].tell(event)
    return sorted(histories, key=lambda history: (history.told["received_at"], history.number))


class History:
    """A clock as the events tell of it; `wrong` is what does not follow."""

    def __init__(self, event, evidence):
        self.number, self.told, self.reckoned_at = event["number"], event["data"], event["at"]
        self.breached_at = self.set_aside_at = None
        self.wrong = []
        self._evidence = evidence
        self._begins(event)
        self._reckon(event)

    def is_of(self, summary):
        return all(self.told[name] == summary[name] for name in ("kind", "received_at"))

    def tell(self, event):
        kind, data = event["kind"], event["data"]
        before = data["from"] if kind == "clock_moved" else data
        known = self.told
        if kind in STOPS and self.breached_at is None and before["pauses"] != known["pauses"]:
            known = self._cut(event["at"])
            if before["pauses"] != known["pauses"]:
                self.wrong.append(f"event {event['number']}: it stood still {known['pauses']}")
        if any(before[name] != known[name] for name in SUMMARY):
            self.wrong.append(f"event {event['number']} tells of another clock than those before")
        if kind == "clock_moved":
            self._moves(event)
            self.told, self.reckoned_at = data["to"], event["at"]
        elif kind == "clock_breached":
            self.breached_at = event["at"]
        elif kind == "breach_set_aside":
            self.breached_at, self.set_aside_at = None, event["recorded_at"]
        if kind != "clock_moved":
            self.told = {name: data[name] for name in self.told}
        if self.breached_at is None and self.set_aside_at is None:
            self._reckon(event)  # nothing moves what was breached

    def _begins(self, event):
        """It begins at reception; where a call is required out of hours, at the next opening."""
        told = self.told
        waits = told["kind"] == "response" and self._must_wait(event)
        if told["waits_for_call"] != waits:
            self.wrong.append(
                f"event {event['number']}: the clock {'has to' if waits else 'need not'} wait"
            )
        opening = self._office(told).next_opening(instant(told["received_at"]))
        if told["started_at"] != (opening.isoformat() if waits else told["received_at"]):
            self.wrong.append(f"event {event['number']}: the clock does not start then")

    def _must_wait(self, event):
        """Reported out of hours, other than by phone, at a severity that requires a call."""
        act = self._act_of(event, {"filed", "reopened", "severity_changed"})
        if act is None or act["kind"] == "severity_changed":
            return False
        if act["kind"] == "filed":
            by_phone = act["data"]["channel"] == "phone"
        else:
            by_phone = self._evidence["people"][str(act["actor"])]["side"] == "vendor"
        target = self._target(self._severity_at(event))
        is_open = self._office(self.told).is_open(instant(self.told["received_at"]))
        return bool(target and target["call_required"]) and not by_phone and not is_open

    def _moves(self, event):
        """A start moves by a call, a change of severity or of hours before it, and else stays."""
        told, to, at = self.told, event["data"]["to"], event["at"]
        ahead, waits = told["started_at"] > at, told["waits_for_call"]
        start, reason = told["started_at"], event["data"]["reason"]
        if reason == "calendar" and ahead and waits:
            since = max(at, told["received_at"])
            start = self._office(to).next_opening(instant(since)).isoformat()
        elif reason == "call" and ahead and self._act_of(event, {"call_logged"}):
            start, waits = at, False
        elif reason == "severity" and (change := self._act_of(event, {"severity_changed"})):
            data = change["data"]
            if data["to"] < data["from"]:
                start, waits = at if ahead and waits else start, False
            elif waits and not self._target(data["to"])["call_required"]:
                start, waits = told["received_at"], False
        if (to["started_at"], to["waits_for_call"]) != (start, waits):
            self.wrong.append(f"event {event['number']}: the clock does not start then")

    def _cut(self, at):
        """Return what was told as of a stop: what is done ends a pause, and leaves out later ones.

        It is due as it would be had it gone on then.
        """
        pauses = [
            [stop, min(on, at) if on else at] for stop, on in self.told["pauses"] if stop < at
        ]
        return {**self.told, "pauses": pauses, "due_at": self._due(pauses).isoformat()}

    def _reckon(self, event):
        """While a clock stands still, it is due as if it had gone on when it was last reckoned."""
        due_at = self._due(self.told["pauses"])
        if due_at != instant(self.told["due_at"]):
            self.wrong.append(f"event {event['number']}: the clock is due {due_at.isoformat()}")

    def _due(self, pauses):
        office = self._office(self.told)
        ended = [[stop, on or max(stop, self.reckoned_at)] for stop, on in pauses]
        return min(due(promise, ended, office) for promise in self.told["promises"])

    def _act_of(self, event, kinds):
        """Return the last act of some kinds at an event's instant that stands before it."""
        before = [
            one
            for one in disclosed(self._evidence)
            if one["kind"] in kinds and one["at"] == event["at"]
            if one["number"] < event["number"]
        ]
        return before[-1] if before else None

    def _severity_at(self, event):
        events = disclosed(self._evidence)
        return Life([one for one in events if one["number"] < event["number"]]).severity

    def _target(self, severity):
        return self._evidence["targets"]["response"].get(str(severity))

    def _office(self, told):
        return office_of(self._evidence, told["calendar"])


def check_clocks(evidence):
    """Reckon each clock anew: what counted, when it was due, what was used, and the verdict."""
    histories = histories_of(evidence)
    if len(histories) != len(evidence["clocks"]):
        yield f"the events tell of {len(histories)} clocks"
    for history, clock in zip(histories, evidence["clocks"], strict=False):
        office = office_of(evidence, clock["calendar"])
        for difference in (
            *check_as_told(clock, history),
            *check_promises(clock, evidence),
            *check_counted(clock, office),
            *check_used(clock, office, evidence["as_of"]),
            *check_pauses(clock, evidence),
            *check_met(clock, history, evidence),
            *check_verdict(clock, office, evidence["as_of"]),
        ):
            yield f"{clock['kind']} of {clock['received_at']}: {difference}"


def check_as_told(clock, history):
    """The clock is what the events told of it last."""
    for name in SUMMARY:
        told = history.told[name]
        mine = clock[name]
        if name == "promises":
            mine = [{key: promise[key] for key in told[0]} for promise in mine]
        if mine != told:
            yield f"{name} should be {told}"
    for name, told in (
        ("breached_at", history.breached_at),
        ("breach_set_aside_at", history.set_aside_at),
    ):
        if clock[name] != told:
            yield f"{name} should be {told}"


def check_promises(clock, evidence):
    """Each promise is a target of a severity that the incident had, counted from an event."""
    events = disclosed(evidence)
    changes = [event["data"]["to"] for event in events if event["kind"] == "severity_changed"]
    targets = evidence["targets"]
    promised = []
    for severity in map(str, [events[0]["data"]["severity"], *changes]):
        further = targets["further_targets"].get(severity, {})
        kinds = {"response": targets["response"].get(severity), **further}
        if target := kinds.get(clock["kind"]):
            promised.append((target["minutes"] * 60, target["unit"]))
    instants = {event["at"] for event in events} | {clock["started_at"]}
    for promise in clock["promises"]:
        if (promise["seconds"], promise["unit"]) not in promised:
            yield f"no target is {promise['seconds']} seconds"
        if promise["basis"] not in instants:
            yield f"nothing happened at {promise['basis']}, from which a promise counts"
        if promise["follows_start"] and promise["basis"] != clock["started_at"]:
            yield "a promise that follows the start has another basis"


def check_counted(clock, office):
    """What counted until each promise was due, or until the clock stood still before that."""
    for promise in clock["promises"]:
        due_at = due(promise, pauses_before_breach(clock), office)
        if promise["due_at"] != (due_at.isoformat() if due_at else None):
            yield f"a promise was due {due_at}"
        until = due_at or instant(clock["pauses"][-1][0])
        sums, total = [], 0
        for since, end in counted(promise, pauses_before_breach(clock), until, office):
            total += seconds_in([(since, end)])
            sums.append((since, end, seconds_in([(since, end)]), total))
        told = [
            (instant(one["from"]), instant(one["until"]), one["seconds"], one["sum"])
            for one in promise["counted"]
        ]
        if told != sums:
            yield f"other stretches counted, {total} seconds in all"


def check_used(clock, office, as_of):
    used = clock["used"]
    promise = clock["promises"][used["promise"]]
    until = clock["met_at"] or clock["ended_at"] or as_of
    seconds = seconds_in(counted(promise, clock["pauses"], instant(until), office))
    if used != {**used, "until": until, "seconds": seconds, "of_seconds": promise["seconds"]}:
        yield f"{seconds} of {promise['seconds']} seconds were used until {until}"
    dues = [one["due_at"] for one in clock["promises"] if one["due_at"]]
    if dues and promise["due_at"] != min(dues):
        yield "another promise is due first"


def check_pauses(clock, evidence):
    """It stood still exactly while the next move was not the vendor's."""
    expected, stopped = [], clock["received_at"]
    ended_at = clock["ended_at"] or "9999"
    for side, since, until in Life(disclosed(evidence)).sides:
        if side == "vendor" and (until is None or until > clock["received_at"]):
            expected.append([stopped, since])
            stopped = until
    expected.append([stopped, None])
    expected = [[stop, on] for stop, on in expected if stop and (on is None or stop < on)]
    expected, told = (
        [[stop, on if on and on < ended_at else None] for stop, on in pauses if stop < ended_at]
        for pauses in (expected, clock["pauses"])
    )
    if told != expected:
        yield f"it stood still {expected}"


def check_met(clock, history, evidence):
    """A promise is met by the first thing that keeps it; at the end of its life by solving."""
    received_at, ended_at = clock["received_at"], clock["ended_at"]
    kept, closed, undone, offered_at = [], False, False, None
    for event in disclosed(evidence):
        at = event["at"]
        later = at > received_at or (at == received_at and event["number"] > history.number)
        if ended_at and at > ended_at:
            continue
        told_after = event["number"] > history.number
        if told_after and at < received_at == ended_at and is_qualified(event):
            undone = True  # a call that is logged afterwards: it was answered before it began
        if event["kind"] == "solution_offered":
            offered_at = max(at, received_at)
        if later and keeps(clock["kind"], event):
            kept.append(at)
        if event["kind"] in CLOSURES and at == ended_at and later:
            closed = True
            if event["kind"] == "accepted" and clock["kind"] in {"workaround", "resolution"}:
                kept.append(offered_at)
    expected = min(kept, default=None)
    possible = {expected, None} if closed and expected == ended_at else {expected}
    if clock["met_at"] not in possible:
        yield f"met_at should be {expected}"
    if ended_at not in {None, clock["met_at"]} and not closed and not undone:
        yield f"nothing ended it at {ended_at}"


def keeps(kind, event):
    if kind in {"response", "next_response"}:
        return is_qualified(event)
    return event["kind"] in {"update": WORDS, "workaround": {"workaround_recorded"}}.get(kind, ())


def check_verdict(clock, office, as_of):
    """The due instant itself is in time, until it is over; what stands still is not overdue."""
    dues = [due(promise, pauses_before_breach(clock), office) for promise in clock["promises"]]
    due_at = min((one for one in dues if one), default=None)
    stopped_at = instant(clock["met_at"] or clock["ended_at"] or as_of)
    missed = due_at is not None and stopped_at > due_at
    if stopped_at == due_at and not clock["ended_at"]:
        missed = clock["breached_at"] is not None  # told at the very instant, or not yet
    if due_at and due_at != instant(clock["due_at"]):
        yield f"it was due {due_at.isoformat()}"
    if clock["breached_at"] != (clock["due_at"] if missed else None):
        yield f"it was {'' if missed else 'not '}missed"
    if missed:
        verdict = "missed"
    elif clock["met_at"] or clock["ended_at"]:
        verdict = "kept" if clock["met_at"] else "ended"
    else:
        verdict = "standing" if due_at is None else "running"
    if clock["verdict"] != verdict:
        yield f"the verdict should be {verdict}"


# Time, by looking at the office's own clock.


def office_of(evidence, digest):
    return Office.of(canonical(evidence["calendars"][digest]))


class Office:
    """It is open when its wall clock reads a time inside a window of that wall-clock date."""

    @classmethod
    @cache
    def of(cls, text):
        return cls(json.loads(text))

    def __init__(self, calendar):
        self.zone = ZoneInfo(calendar["timezone"])
        self.calendar = calendar
        self.days = {}  # what was looked at once need not be looked at again

    def windows(self, day):
        """Return a date's windows; named special and closed, special wins."""
        name = day.isoformat()
        if name in self.calendar["special"]:
            return self.calendar["special"][name]
        if name in self.calendar["closed"]:
            return []
        return self.calendar["week"].get(WEEKDAYS[day.weekday()], [])

    def is_open(self, at):
        wall = at.astimezone(self.zone)
        reading = wall.strftime("%H:%M")
        return any(opens <= reading < closes for opens, closes in self.windows(wall.date()))

    def openings(self, since, until):
        """Yield when it is open from `since` to `until`, stretches that touch joined."""
        held = None
        day = since.replace(hour=0, minute=0, second=0)
        while day < until:
            if day not in self.days:
                self.days[day] = self.openings_of(day)
            for stretch in self.days[day]:
                opens, closes = max(stretch[0], since), min(stretch[1], until)
                if held and held[1] == opens:
                    held = held[0], max(closes, opens)
                elif opens < closes:
                    if held:
                        yield held
                    held = opens, closes
            day += DAY
        if held:
            yield held

    def openings_of(self, day):
        """Return the openings of a day of UTC; if the clock changes in it, minute by minute."""
        offset = day.astimezone(self.zone).utcoffset()
        if (day + DAY).astimezone(self.zone).utcoffset() != offset:
            minutes = (day + MINUTE * number for number in range(1440))
            return [(minute, minute + MINUTE) for minute in minutes if self.is_open(minute)]
        found = []
        local_days = {(day + offset).date(), (day + offset + DAY).date()}
        for local_day in sorted(local_days):
            midnight = datetime.combine(local_day, time(), UTC) - offset
            for window in self.windows(local_day):
                opens, closes = (midnight + MINUTE * minutes_of(reading) for reading in window)
                if max(opens, day) < min(closes, day + DAY):
                    found.append((max(opens, day), min(closes, day + DAY)))
        return sorted(found)

    def next_opening(self, at):
        return next(self.openings(at, at + LONGEST_WALK))[0]


def due(promise, pauses, office):
    """Return when the length is used up: the first instant, or the next one that the clock runs."""
    left = timedelta(seconds=promise["seconds"])
    far = instant(promise["basis"]) + LONGEST_WALK
    for since, until, goes_on in running(promise, pauses, far):
        for opens, closes in counting(promise, since, until, office):
            if closes - opens >= left:
                used_up = opens + left
                return goes_on if used_up == until else used_up
            left -= closes - opens
    return None


def counted(promise, pauses, until, office):
    """Return the stretches that counted from a promise's basis until an instant."""
    return [
        stretch
        for since, end, _ in running(promise, pauses, until)
        for stretch in counting(promise, since, end, office)
    ]


def running(promise, pauses, until):
    """Yield when the clock ran, from where to where, and when it went on after that."""
    since = instant(promise["basis"])
    for stop, on in pauses:
        if instant(stop) >= until:
            break
        if on is None or instant(on) > since:
            if since < instant(stop):
                yield since, instant(stop), on and instant(on)
            if on is None:
                return
            since = max(since, instant(on))
    if since < until:
        yield since, until, until


def counting(promise, since, until, office):
    return office.openings(since, until) if promise["unit"] == "working" else [(since, until)]


def pauses_before_breach(clock):
    """Nothing moves what was breached."""
    return [pause for pause in clock["pauses"] if pause[0] < (clock["breached_at"] or "9999")]


# Small things.


def disclosed(evidence):
    return [event for event in evidence["events"] if not event.get("withheld")]


def is_qualified(event):
    called = event["kind"] == "call_logged" and event["data"]["qualified"]
    return called or event["kind"] in QUALIFIED


def side_of(state):
    if state == "closed":
        return None
    return "customer" if state in CUSTOMER_STATES else "vendor"


def instant(text):
    return datetime.fromisoformat(text)


def minutes_of(reading):
    hours, minutes = reading.split(":")
    return int(hours) * 60 + int(minutes)


def seconds_in(stretches):
    return int(sum((until - since for since, until in stretches), timedelta()).total_seconds())


def canonical(data):
    """Return the data as JSON with sorted keys, no spaces, no escapes."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(data):
    return hashlib.sha256(canonical(data).encode()).hexdigest()


CHECKS = (
    ("the format", check_format),
    ("the seal", check_seal),
    ("the chain of events", check_chain),
    ("the texts and files", check_texts),
    ("the calendars", check_calendars),
    ("the facts of the incident", check_facts),
    ("the sides and their times", check_sides),
    ("the clocks as the events tell of them", check_histories),
    ("the clocks: due times, sums, verdicts", check_clocks),
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
