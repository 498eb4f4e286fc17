"""A comparison for the terminal: as lines of text, and as plain data."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from msa.what_if.comparison import Comparison, Difference, Figures
from msa.what_if.outcomes import Outcome
from msa.what_if.tables import tables

GAP = "  "


def as_text(comparison: Comparison) -> Iterator[str]:
    """Return the lines of a comparison; where a figure changes, both are shown."""
    shown = tables(comparison)
    yield f"{comparison.incidents} incidents, played until {_written(comparison.ended_at)}."
    yield ""
    yield from _aligned(
        [
            ["", *(str(column) for column in shown.columns)],
            *([row.label, *map(str, row.figures)] for row in shown.promises),
        ]
    )
    yield ""
    yield from _aligned([[row.label, *map(str, row.figures)] for row in shown.figures])
    other = [each for each in shown.differences if not each.is_gained and not each.is_lost]
    for title, listed in (
        ("Breaches gained", comparison.gained),
        ("Breaches lost", comparison.lost),
        ("Otherwise different", other),
        ("Played without the change, different from the record", comparison.deviations),
    ):
        yield ""
        yield f"{title}: {len(listed)}"
        yield from (GAP + _difference(each) for each in listed)
    for title, acts in (
        ("Acts that the replay refused", comparison.refused_before),
        ("Acts that would have been refused", comparison.refused_after),
        ("Acts that no scenario knows, left out", comparison.unknown),
    ):
        if acts:
            yield ""
            yield f"{title}: {len(acts)}"
            yield from (f"{GAP}{reference} {act}" for reference, act in acts)


def as_data(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as plain data; instants in UTC, lengths in seconds."""
    return {
        "incidents": comparison.incidents,
        "ended_at": _instant(comparison.ended_at),
        "before": _figures(comparison.before),
        "after": _figures(comparison.after),
        "gained": [_data(each) for each in comparison.gained],
        "lost": [_data(each) for each in comparison.lost],
        "differences": [_data(each) for each in comparison.differences],
        "deviations": [_data(each) for each in comparison.deviations],
        "refused_before": [list(act) for act in comparison.refused_before],
        "refused_after": [list(act) for act in comparison.refused_after],
        "unknown": [list(act) for act in comparison.unknown],
    }


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield GAP.join(cells).rstrip()


def _difference(difference: Difference) -> str:
    return (
        f"{difference.reference}, severity {difference.severity}, {difference.kind_label}: "
        f"{_outcome(difference.before)} → {_outcome(difference.after)}"
    )


def _outcome(outcome: Outcome | None) -> str:
    if outcome is None:
        return "not promised"
    return f"due {_written(outcome.due_at)}, {outcome.verdict_label}"


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "responses": {
            str(severity): {str(verdict): count for verdict, count in sorted(verdicts.items())}
            for severity, verdicts in figures.responses.items()
        },
        "further": {
            kind: {str(verdict): count for verdict, count in sorted(verdicts.items())}
            for kind, verdicts in figures.further.items()
        },
        "median_response_seconds": figures.median_response_seconds,
        "worst_response_seconds": figures.worst_response_seconds,
        "vendor_working_seconds": figures.vendor_working_seconds,
        "vendor_elapsed_seconds": figures.vendor_elapsed_seconds,
    }


def _data(difference: Difference) -> dict[str, Any]:
    return {
        "incident": difference.reference,
        "severity": difference.severity,
        "kind": difference.kind,
        "before": _outcome_data(difference.before),
        "after": _outcome_data(difference.after),
    }


def _outcome_data(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "due_at": _instant(outcome.due_at),
        "met_at": _instant(outcome.met_at),
        "breached_at": _instant(outcome.breached_at),
        "verdict": str(outcome.verdict),
    }


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
