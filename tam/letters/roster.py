"""Letters on the plan: changes, swaps, and times with nobody responsible (SPEC 10, 18)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from accounts.letters import Letter, Row, send
from accounts.models import DutyShift, NoticeKind, Office, User
from tam.models import CoverageAlarm, RosterChange, ShiftSwap
from tam.responsible import team_heads

Kind, Stage = RosterChange.Kind, CoverageAlarm.Stage

HEADINGS: Final[Mapping[str, str | LazyText]] = {
    Kind.SHIFT_PLANNED: gettext_lazy("A shift is planned for you"),
    Kind.SHIFT_CHANGED: gettext_lazy("Your shift is changed"),
    Kind.SHIFT_REMOVED: gettext_lazy("Your shift is removed"),
    Kind.PATTERN_MADE: gettext_lazy("Shifts that come again are planned for you"),
    Kind.PATTERN_ENDED: gettext_lazy("Your shifts that come again have ended"),
    Kind.ABSENCE_ENTERED: gettext_lazy("An absence is entered for you"),
    Kind.ABSENCE_CHANGED: gettext_lazy("Your absence is changed"),
    Kind.ABSENCE_REMOVED: gettext_lazy("Your absence is removed"),
}

_STAGES: Final[Mapping[str, str | LazyText]] = {
    Stage.NOW: gettext_lazy("Nobody is responsible now"),
    Stage.DAYS_AHEAD: gettext_lazy("Nobody is responsible in the days ahead"),
    Stage.WEEKS_AHEAD: gettext_lazy("Nobody is responsible in the weeks ahead"),
}


def on_changed(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell whom a change of the plan concerns: whoever works then, and whoever did before.

    Nobody is told of what they did themselves, nor of what a pattern plans by itself day by day.
    """
    changes = RosterChange.objects.select_related("office", "person", "changed_by")
    change = changes.get(pk=payload["change"])
    if change.changed_by is None:
        return
    before = change.data.get("before", {}).get("person")
    concerned = [key for key in (change.person_id, before) if key is not None]
    readers = User.objects.filter(pk__in=concerned, is_active=True)

    def write(reader: User) -> Letter:
        gone = reader.pk != change.person_id
        heading = _("Your shift is given to somebody else") if gone else HEADINGS[change.kind]
        return _letter(
            change.office,
            str(heading),
            [_("%(name)s has changed the plan.") % {"name": change.changed_by}],
            _times(change.data["before"] if gone else change.data, change.office),
            path=reverse("roster") if "absence" not in change.data else reverse("roster-absences"),
        )

    _send(write, readers.exclude(pk=change.changed_by.pk), f"roster-change-{change.pk}", at)


def on_swap_proposed(payload: Mapping[str, Any], *, at: datetime) -> None:
    swap = _swap(payload)
    if swap is None:
        return

    def write(_reader: User) -> Letter:
        heading = _("%(name)s asks you to take a shift") % {"name": swap.asked_by}
        paragraphs = [_("It stays with your colleague until you have accepted.")]
        return _about(swap, heading, [*paragraphs, *filter(None, [swap.note])])

    _send(write, [swap.asked_of], f"swap-{swap.pk}-proposed", at)


def on_swap_accepted(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell both: each has other shifts now."""
    swap = _swap(payload)
    if swap is None:
        return

    def write(reader: User) -> Letter:
        if reader == swap.asked_by:
            heading = _("%(name)s takes your shift") % {"name": swap.asked_of}
        else:
            heading = _("You have taken the shift of %(name)s") % {"name": swap.asked_by}
        return _about(swap, heading, [_("The plan is changed.")])

    _send(write, [swap.asked_by, swap.asked_of], f"swap-{swap.pk}-accepted", at)


def on_swap_declined(payload: Mapping[str, Any], *, at: datetime) -> None:
    swap = _swap(payload)
    if swap is None:
        return

    def write(_reader: User) -> Letter:
        heading = _("%(name)s does not take your shift") % {"name": swap.asked_of}
        return _about(swap, heading, [_("The shift stays yours. You can ask another colleague.")])

    _send(write, [swap.asked_by], f"swap-{swap.pk}-declined", at)


def on_swap_off(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell both but who did it; the shift itself may be gone by now."""
    office = Office.objects.get(pk=payload["office"])
    readers = User.objects.filter(
        pk__in={payload["asked_by"], payload["asked_of"]} - {payload["actor"]}, is_active=True
    )

    def write(_reader: User) -> Letter:
        return _letter(
            office,
            _("The swap of a shift is off"),
            [_("It was withdrawn, or the shift was changed or removed.")],
            _times(payload, office),
            path=reverse("roster-swaps"),
        )

    _send(write, readers, f"swap-{payload['swap']}-off", at)


def on_gaps(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell the heads of an office's team of times with nobody responsible."""
    office = Office.objects.get(pk=payload["office"])

    def write(_reader: User) -> Letter:
        more = payload["more"]
        paragraphs = [
            _("For some certificates there is neither their TAM nor a deputy nor a duty manager."),
            _("Plan a shift, or have somebody come back earlier. Please see to it."),
        ]
        if more:
            further = ngettext("%(count)d more gap.", "%(count)d more gaps.", more)
            paragraphs.append(further % {"count": more})
        return Letter(
            reference=office.name,
            heading=str(_STAGES[payload["stage"]]),
            paragraphs=paragraphs,
            rows=[Row(_("Nobody from – until"), [_gap(gap, office) for gap in payload["gaps"]])],
            button=_("See the coverage"),
            path=f"{reverse('coverage')}?office={office.pk}",
            why=_(
                "You get this mail because it concerns the head of the team of the office "
                "%(office)s."
            )
            % {"office": office},
        )

    key = f"coverage-{office.pk}-{payload['stage']}-{at.isoformat()}"
    thread = f"coverage-{office.pk}"
    send(write, team_heads(office), key=key, thread=thread, kind=NoticeKind.DUTY, at=at)


def _swap(payload: Mapping[str, Any]) -> ShiftSwap | None:
    """Return the swap that a message is about; None when its shift has been removed meanwhile."""
    related = ShiftSwap.objects.select_related(
        "shift__office", "in_return__office", "asked_by", "asked_of"
    )
    return related.filter(pk=payload["swap"]).first()


def _about(swap: ShiftSwap, heading: str, paragraphs: Sequence[str]) -> Letter:
    rows = [_shift_row(_("Shift"), swap.shift)]
    if swap.in_return:
        rows.append(_shift_row(_("In return for"), swap.in_return))
    return _letter(swap.shift.office, heading, paragraphs, rows, path=reverse("roster-swaps"))


def _shift_row(label: str, shift: DutyShift) -> Row:
    lines = _span(shift.starts_at, shift.ends_at, shift.office)
    return Row(label, [shift.office.name, *lines])


def _letter(
    office: Office | None,
    heading: str,
    paragraphs: Sequence[str],
    rows: Sequence[Row],
    *,
    path: str,
) -> Letter:
    return Letter(
        reference=office.name if office else _("Roster"),
        heading=heading,
        paragraphs=paragraphs,
        rows=rows,
        button=_("See the plan"),
        path=path,
        why=_("You get this mail because it concerns when you work."),
    )


def _times(data: Mapping[str, Any], office: Office | None) -> list[Row]:
    """Return when it is: of a shift or an absence its instants, of a pattern its clock times."""
    if "starts_at" not in data:
        day = date_format(datetime.fromisoformat(data["first_day"]), "DATE_FORMAT")
        return [Row(pgettext("stretch of time", "From"), [day, f"{data['starts']}–{data['ends']}"])]
    since, until = (datetime.fromisoformat(data[name]) for name in ("starts_at", "ends_at"))
    return [Row(_("From – until"), _span(since, until, office))]


def _span(since: datetime, until: datetime, office: Office | None) -> list[str]:
    """Write a time in the reader's zone, and in the office's where that is another."""
    lines = [_written(since, until, None)]
    if office is not None and str(timezone.get_current_timezone()) != office.timezone:
        lines.append(f"{_written(since, until, office)} ({office.timezone})")
    return lines


def _gap(gap: Mapping[str, Any], office: Office) -> str:
    since, until = (datetime.fromisoformat(gap[name]) for name in ("since", "until"))
    certificates = ngettext(
        "%(count)d certificate", "%(count)d certificates", gap["certificates"]
    ) % {"count": gap["certificates"]}
    return f"{_written(since, until, office)} · {certificates}"


def _written(since: datetime, until: datetime, office: Office | None) -> str:
    zone = ZoneInfo(office.timezone) if office else None
    local = (timezone.localtime(instant, zone) for instant in (since, until))
    return " – ".join(f"{date_format(at, 'DATE_FORMAT')} {at:%H:%M}" for at in local)


def _send(write: Any, readers: Any, key: str, at: datetime) -> None:
    send(write, readers, key=key, thread=key, kind=NoticeKind.DUTY, at=at)


LETTERS: Final = {
    "roster.changed": [on_changed],
    "roster.swap_proposed": [on_swap_proposed],
    "roster.swap_accepted": [on_swap_accepted],
    "roster.swap_declined": [on_swap_declined],
    "roster.swap_off": [on_swap_off],
    "coverage.gaps": [on_gaps],
}
