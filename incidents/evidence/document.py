"""An incident's evidence as plain data, the same whenever it is made (docs/evidence.md)."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from accounts import worktime
from accounts.models import (
    CalendarRecord,
    CalendarRevision,
    Certificate,
    CertificateVersion,
    User,
)
from accounts.worktime import Calendar
from incidents.evidence.disclosure import is_disclosed, is_erased
from incidents.explained import Account, Explanation
from incidents.explaining.records import explain_clocks
from incidents.explaining.steady import held_steady
from incidents.models import Attachment, Clock, Incident, JournalEntry, Message, SideInterval
from incidents.states import Side

FORMAT = "msa-desk-evidence"
VERSION = 1


def evidence_of(incident: Incident) -> dict[str, Any]:
    """Return all that a third party needs to check what was promised and kept.

    Everything is told as of the last event, so that an incident to which nothing has happened
    gives the same evidence again. Internal entries keep their place in the chain and nothing else;
    people go by name and role, never by address. The incident is brought up to date.
    """
    with held_steady(incident):
        return _evidence_of(incident)


def _evidence_of(incident: Incident) -> dict[str, Any]:
    entries = list(
        incident.journal.select_related("actor", "message")
        .prefetch_related("message__attachments")
        .order_by("number")
    )
    as_of = max(entry.at for entry in entries)
    version = _version_at(incident.certificate, incident.received_at)
    hours = _hours_at(incident.certificate, as_of)
    clocks = list(incident.clocks.order_by("id"))
    sides = list(incident.sides.order_by("id"))
    calendars = {hours.digest: hours} | _calendars(clocks, entries)
    evidence = {
        "format": FORMAT,
        "version": VERSION,
        "vendor": settings.VENDOR_NAME,
        "as_of": instant(as_of),
        "recorded_until": instant(max(entry.recorded_at for entry in entries)),
        "incident": _incident(incident),
        "people": _people(incident, entries),
        "certificate": _certificate(version),
        "programme": version.printed["programme"],
        "targets": incident.targets,
        "office": {"name": incident.certificate.office.name, "timezone": hours.timezone},
        "calendars": {digest: calendar.to_data() for digest, calendar in calendars.items()},
        "events": [_event(entry) for entry in entries],
        "clocks": [
            _clock(clock, explanation)
            for clock, explanation in sorted(
                zip(
                    clocks,
                    explain_clocks(clocks, entries, sides, calendars, as_of),
                    strict=True,
                ),
                key=lambda pair: (pair[0].received_at, pair[0].pk),
            )
        ],
        "sides": _sides(sides, as_of, hours),
        "head": {"length": incident.journal_length, "hash": incident.journal_head},
    }
    return evidence | {"seal": seal(evidence)}


def canonical(data: object) -> str:
    """Return JSON that is the same for the same data: keys sorted, no spaces, no escapes."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def as_file(evidence: dict[str, Any]) -> bytes:
    """Return the evidence as the file that is handed over, the same bytes for the same data."""
    return f"{canonical(evidence)}\n".encode()


def seal(evidence: dict[str, Any]) -> str:
    """Return the SHA-256 of everything but the seal itself, hex."""
    content = {key: value for key, value in evidence.items() if key != "seal"}
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def instant(at: datetime) -> str:
    """Return an instant as the journal writes it, in UTC."""
    return at.astimezone(UTC).isoformat()


def _instant(at: datetime | None) -> str | None:
    return instant(at) if at else None


# Who and what.


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.pk,
        "reference": incident.reference,
        "customer": {"id": incident.customer_id, "name": incident.customer.name},
        "author": incident.author_id,
        "title": incident.title,
        "category": incident.category.key,
        "product": incident.product.name if incident.product else None,
        "product_version": incident.product_version,
        "channel": str(incident.channel),
        "severity": incident.severity,
        "state": str(incident.state),
        "closure": str(incident.closure) or None,
        "received_at": instant(incident.received_at),
        "closed_at": _instant(incident.closed_at),
    }


def _people(incident: Incident, entries: Iterable[JournalEntry]) -> dict[str, dict[str, str]]:
    keys = {incident.author_id}
    for entry in entries:
        if is_disclosed(entry):
            keys.update(key for key in (entry.actor_id, entry.data.get("caller")) if key)
    return {
        str(person.pk): {
            "name": person.name,
            "role": str(person.role),
            "side": str(Side.CUSTOMER if person.is_contact else Side.VENDOR),
        }
        for person in User.objects.filter(pk__in=keys)
    }


def _certificate(version: CertificateVersion) -> dict[str, Any]:
    printed = dict(version.printed)
    printed["contacts"] = [
        {"slot": contact["slot"], "name": contact["name"]} for contact in printed["contacts"]
    ]
    return {
        "number": printed["number"],
        "version": version.number,
        "issued_at": instant(version.issued_at),
        "printed": printed,
    }


def _version_at(certificate: Certificate, at: datetime) -> CertificateVersion:
    """Return what the certificate printed at an instant; its first version before that."""
    issued = certificate.versions.filter(issued_at__lte=at).order_by("-number").first()
    return issued or certificate.versions.earliest("number")


# Calendars.


def _hours_at(certificate: Certificate, at: datetime) -> Calendar:
    """Return the agreement's working time as it stood at an instant."""
    revisions = CalendarRevision.objects.filter(office=certificate.office)
    revision = revisions.filter(changed_at__lte=at).order_by("-number").first()
    calendar = Calendar.from_data((revision or revisions.earliest("number")).calendar)
    week = _version_at(certificate, at).printed["week"]
    if week is None:
        return calendar
    return Calendar.from_data({**calendar.to_data(), "week": week})


def _calendars(clocks: Iterable[Clock], entries: Iterable[JournalEntry]) -> dict[str, Calendar]:
    """Return every calendar that a clock was ever reckoned by, by its digest."""
    digests = {clock.calendar for clock in clocks}
    for entry in entries:
        for summary in (entry.data, entry.data.get("from"), entry.data.get("to")):
            if isinstance(summary, dict) and "calendar" in summary:
                digests.add(summary["calendar"])
    records = CalendarRecord.objects.in_bulk(digests)
    return {digest: record.calendar for digest, record in records.items()}


# What happened.


def _event(entry: JournalEntry) -> dict[str, Any]:
    link = {
        "number": entry.number,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }
    if not is_disclosed(entry):
        return {**link, "withheld": True}
    return {
        **link,
        "at": instant(entry.at),
        "recorded_at": instant(entry.recorded_at),
        "kind": entry.kind,
        "actor": entry.actor_id,
        "message": _message(entry.message) if entry.message else None,
        "text_hash": entry.text_hash,
        "data": entry.data,
    }


def _message(message: Message) -> dict[str, Any]:
    if is_erased(message):
        return {"id": message.pk, "erased": True}
    return {
        "id": message.pk,
        "text": message.text,
        "digest_key": bytes(message.digest_key).hex(),
        "files": [_file(attachment) for attachment in message.attachments.all()],
    }


def _file(attachment: Attachment) -> dict[str, Any]:
    return {
        "name": attachment.name,
        "size_bytes": attachment.size_bytes,
        "sha256": attachment.sha256,
    }


# What was promised, and what became of it.


def _clock(clock: Clock, explanation: Explanation) -> dict[str, Any]:
    """Return a clock with its arithmetic, which is that of the page (SPEC 7.11)."""
    facts, governing = explanation.facts, explanation.governing
    promises = list(facts.value.promises)
    accounts = sorted(explanation.accounts, key=lambda each: promises.index(each.promise))
    return {
        "kind": str(clock.kind),
        "received_at": instant(clock.received_at),
        "started_at": instant(clock.started_at),
        "waits_for_call": clock.waits_for_call,
        "calendar": clock.calendar,
        "promises": [_promise(account) for account in accounts],
        "pauses": clock.pauses,
        "due_at": instant(clock.due_at),
        "met_at": _instant(clock.met_at),
        "breached_at": _instant(clock.breached_at),
        "breach_set_aside_at": _instant(clock.breach_set_aside_at),
        "ended_at": _instant(clock.ended_at),
        "used": {
            "promise": promises.index(governing.promise),
            "until": instant(facts.stopped_at or explanation.at),
            "seconds": _seconds(governing.used),
            "of_seconds": _seconds(governing.promise.length),
        },
        "verdict": str(facts.verdict),
    }


def _promise(account: Account) -> dict[str, Any]:
    total, counted = timedelta(), []
    for since, until in account.stretches:
        total += until - since
        counted.append(
            {
                "from": instant(since),
                "until": instant(until),
                "seconds": _seconds(until - since),
                "sum": _seconds(total),
            }
        )
    return account.promise.to_data() | {"due_at": _instant(account.due_at), "counted": counted}


def _sides(sides: Iterable[SideInterval], as_of: datetime, hours: Calendar) -> dict[str, Any]:
    intervals = [_side(side, as_of, hours) for side in sides]
    vendor = [one for one in intervals if one["side"] == Side.VENDOR]
    customer = [one for one in intervals if one["side"] == Side.CUSTOMER]
    return {
        "calendar": hours.digest,
        "intervals": intervals,
        "vendor_elapsed_seconds": _total(vendor, "elapsed_seconds"),
        "vendor_working_seconds": _total(vendor, "working_seconds"),
        "customer_elapsed_seconds": _total(customer, "elapsed_seconds"),
    }


def _side(side: SideInterval, as_of: datetime, hours: Calendar) -> dict[str, Any]:
    until = max(side.ended_at or as_of, side.started_at)
    return {
        "side": str(side.side),
        "from": instant(side.started_at),
        "until": _instant(side.ended_at),
        "elapsed_seconds": _seconds(until - side.started_at),
        "working_seconds": _seconds(worktime.elapsed(hours, side.started_at, until)),
    }


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())


def _total(intervals: Sequence[dict[str, Any]], name: str) -> int:
    return sum(interval[name] for interval in intervals)
