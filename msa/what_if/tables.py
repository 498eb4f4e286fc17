"""A comparison as rows of words and figures, for the page and for the terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.explained import Verdict
from incidents.explaining.walls import length_digits
from incidents.models import ClockKind
from msa.what_if.comparison import Comparison, Difference, Figures
from msa.what_if.outcomes import LABELS

COLUMNS: tuple[str | LazyText, ...] = (
    gettext_lazy("promised"),
    *LABELS.values(),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure, as it was and under the change."""

    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after

    def __str__(self) -> str:
        return f"{self.before} → {self.after}" if self.differs else self.before


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    figures: Sequence[Pair]


@dataclass(frozen=True, slots=True)
class Tables:
    """`promises` are rows with `COLUMNS`; `figures` rows with one pair; `differences` in order."""

    columns: Sequence[str | LazyText]
    promises: Sequence[Row]
    figures: Sequence[Row]
    differences: Sequence[Difference]


def tables(comparison: Comparison) -> Tables:
    return Tables(
        columns=COLUMNS,
        promises=list(_promises(comparison.before, comparison.after)),
        figures=list(_figures(comparison)),
        differences=sorted(comparison.differences, key=_weight),
    )


def duration(seconds: int | None) -> str:
    """Write a length as hours, minutes and seconds, such as 30:05:00; a dash for none."""
    return "–" if seconds is None else length_digits(seconds)


def _promises(before: Figures, after: Figures) -> Iterator[Row]:
    for severity in sorted(before.responses.keys() | after.responses.keys()):
        label = _("%(promise)s, severity %(severity)d") % {
            "promise": ClockKind.RESPONSE.label,
            "severity": severity,
        }
        yield _row(
            label,
            before.responses.get(severity, Counter()),
            after.responses.get(severity, Counter()),
        )
    for kind in ClockKind:
        if kind in before.further or kind in after.further:
            yield _row(
                str(kind.label),
                before.further.get(kind, Counter()),
                after.further.get(kind, Counter()),
            )


def _row(label: str, before: Counter[Verdict], after: Counter[Verdict]) -> Row:
    verdicts = [Pair(str(before[verdict]), str(after[verdict])) for verdict in LABELS]
    return Row(label, [Pair(str(before.total()), str(after.total())), *verdicts])


def _figures(comparison: Comparison) -> Iterator[Row]:
    before, after = comparison.before, comparison.after
    for label, ours, theirs in (
        (_("Median response"), before.median_response_seconds, after.median_response_seconds),
        (_("Slowest response"), before.worst_response_seconds, after.worst_response_seconds),
        (
            _("On our side, in working time"),
            before.vendor_working_seconds,
            after.vendor_working_seconds,
        ),
        (
            _("On our side, around the clock"),
            before.vendor_elapsed_seconds,
            after.vendor_elapsed_seconds,
        ),
    ):
        yield Row(label, [Pair(duration(ours), duration(theirs))])


def _weight(difference: Difference) -> tuple[bool, bool, str, str]:
    """Breaches that the change makes come first, then those that it leaves out."""
    gained, lost = difference.is_gained, difference.is_lost
    return not gained, not lost, difference.reference, difference.kind
