"""What a play led to, as plain data."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts import worktime
from incidents.models import Clock, Incident
from incidents.states import Side
from msa.scenarios.player import Player


def report(player: Player) -> dict[str, Any]:
    """Return the incidents in order of filing, and the numbers of the refused lines."""
    filed = [incident.pk for incident in player.incidents.values()]
    found = (
        Incident.objects.filter(pk__in=filed)
        .prefetch_related("certificate__office", "sides", "clocks", "escalations")
        .in_bulk()
    )
    return {
        "incidents": [
            _incident(key, found[incident.pk], player.ended_at)
            for key, incident in player.incidents.items()
        ],
        "refused": player.refused,
    }


def _incident(key: str, incident: Incident, until: datetime) -> dict[str, Any]:
    sides = [(side.side, side.started_at, side.ended_at) for side in incident.sides.all()]
    vendor = [(start, end or until) for side, start, end in sides if side == Side.VENDOR]
    customer = [(start, end or until) for side, start, end in sides if side == Side.CUSTOMER]
    hours = incident.certificate.hours
    response, further = _clocks(incident)
    return {
        "incident": key,
        "state": str(incident.state),
        "closure": incident.closure or None,
        "side": str(incident.side) if incident.side else None,
        "severity": incident.severity,
        "response": _response(response) if response else None,
        "customer_side_until": _instant(incident.customer_side_until),
        "escalation_level": max((step.level for step in incident.escalations.all()), default=0),
        "vendor_elapsed_seconds": _seconds(end - start for start, end in vendor),
        "vendor_working_seconds": _seconds(
            worktime.elapsed(hours, start, end) for start, end in vendor
        ),
        "customer_elapsed_seconds": _seconds(end - start for start, end in customer),
        "sides": [[side, _instant(start), _instant(end)] for side, start, end in sides],
        **({"clocks": [_further(clock) for clock in further]} if further else {}),
    }


def _clocks(incident: Incident) -> tuple[Clock | None, list[Clock]]:
    """Return the latest response clock, and all measurements of the further kinds in order."""
    clocks = list(incident.clocks.all())
    responses = [clock for clock in clocks if clock.is_response]
    further = [clock for clock in clocks if not clock.is_response]
    return (responses[-1] if responses else None), further


def _response(clock: Clock) -> Mapping[str, Any]:
    return {
        "started_at": _instant(clock.started_at),
        "due_at": _instant(clock.due_at),
        "responded_at": _instant(clock.met_at),
        "breached_at": _instant(clock.breached_at),
        "warned_at": [_instant(warned_at) for warned_at in clock.warned_at],
    }


def _further(clock: Clock) -> Mapping[str, Any]:
    return {
        "kind": str(clock.kind),
        "started_at": _instant(clock.started_at),
        "due_at": _instant(clock.due_at),
        "met_at": _instant(clock.met_at),
        "breached_at": _instant(clock.breached_at),
        "ended_at": _instant(clock.ended_at),
        "warned_at": [_instant(warned_at) for warned_at in clock.warned_at],
    }


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def _seconds(spans: Any) -> int:
    return int(sum(spans, timedelta()).total_seconds())
