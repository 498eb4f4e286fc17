"""What a customer loses when an edition's terms become others: arithmetic on values (SPEC 2).

Terms are in the form of a programme file, as `Programme.as_data` returns it. Texts promise
nothing here: an incident's severity follows from its category.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from accounts.terms import (
    SERVICE_LABELS,
    WEEKDAYS,
    EscalationRole,
    Exclusion,
    FurtherTarget,
    OpenIncidentReports,
    PatchEffort,
    PhoneLine,
    StatusReports,
    TargetUnit,
)

OFFICE: Final = "office"
NO_LIMIT: Final = float("inf")
MINUTES_PER_HOUR: Final = 60

# Services that are included or not, and that a customer would rather have.
FLAGS: Final = (
    "tam",
    "tam_channel",
    "signature_requests",
    "lab_around_the_clock",
    "public_patches",
    "quarterly_reports",
    "health_check",
)
# Each from the least to the most that a customer can have.
PHONE_LINES: Final = (PhoneLine.NONE, PhoneLine.OFFICE_HOURS, PhoneLine.ALWAYS)
STATUS_REPORTS: Final = (
    StatusReports.NONE,
    StatusReports.REGULAR,
    StatusReports.BY_AGREEMENT,
    StatusReports.DAILY,
)
PATCH_EFFORTS: Final = ("", PatchEffort.REASONABLE, PatchEffort.ALL_NECESSARY)  # none first


@dataclass(frozen=True, slots=True)
class Loss:
    """One term that gets worse for the customer, in words; `path` is its place in the file."""

    path: str
    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return _("%(what)s: %(before)s until now, %(after)s then") % {
            "what": self.what,
            "before": self.before,
            "after": self.after,
        }


def losses(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Loss]:
    """Return every term that is worse for the customer after than before.

    Where terms cannot be ordered without an office's hours, as fixed hours of the TAM in place of
    the office's, the change counts as a loss: in doubt the promise stands.
    """
    found = [*_limits(before, after), *_obligations(before, after), *_tam_hours(before, after)]
    found += _services(before["services"], after["services"])
    for number, terms in before["severity"].items():
        found += severity_losses(number, terms, after["severity"][number])
    return found


def severity_losses(
    number: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Loss]:
    """Yield what is worse at one severity."""
    path = f"severity.{number}"

    def loss(key: str, what: str, old: str, new: str) -> Loss:
        title = _("%(what)s at severity %(severity)s") % {"what": what, "severity": number}
        return Loss(f"{path}.{key}", title, old, new)

    old, new = before["response"], after["response"]
    if _is_later(old, new):
        yield loss("response", _("Response time"), length_text(old), length_text(new))
    newly_called = not before["call_required_out_of_hours"] and after["call_required_out_of_hours"]
    if old != "none" and newly_called:
        yield loss(
            "call_required_out_of_hours",
            _("Call out of hours"),
            _("not required"),
            _("required"),
        )
    ranks: tuple[tuple[str, str, Sequence[Any]], ...] = (
        ("phone_line", _("Priority phone line"), PHONE_LINES),
        ("status_reports", _("Status reports"), STATUS_REPORTS),
    )
    for key, what, rank in ranks:
        if rank.index(after[key]) < rank.index(before[key]):
            labels = [str(rank[rank.index(terms[key])].label) for terms in (before, after)]
            yield loss(key, what, *labels)
    for kind, target in before["further_targets"].items():
        other = after["further_targets"].get(kind, "none")
        if _is_later(target, other):
            label = str(FurtherTarget(kind).label).capitalize()
            yield loss("further_targets", label, length_text(target), length_text(other))


def length_text(target: Mapping[str, Any] | str) -> str:
    """Return a promised length as people read it; "none" is not promised."""
    if isinstance(target, str):
        return _("not promised")
    hours, minutes = divmod(target["minutes"], MINUTES_PER_HOUR)
    parts = [_("%(count)d h") % {"count": hours}] if hours else []
    parts += [_("%(count)d min") % {"count": minutes}] if minutes else []
    if target["unit"] == TargetUnit.WORKING:
        parts.append(_("working"))
    return " ".join(parts)


def _is_later(before: Any, after: Any) -> bool:
    """Whether some report would have its answer later, or no more answer at all.

    Working time never passes faster than the wall clock: an elapsed target is no later than a
    working one of at least its length.
    """
    if before == "none" or after == "none":
        return bool(before != after and after == "none")
    if before["unit"] == TargetUnit.ELAPSED and after["unit"] == TargetUnit.WORKING:
        return True
    return bool(after["minutes"] > before["minutes"])


def _limits(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Loss]:
    limits = (
        ("contact_limit", _("Number of contacts"), ""),
        ("incidents_per_year", _("Incidents per contract year"), _("unlimited")),
        ("customer_side_months", _("Months on the customer's side"), _("no limit")),
    )
    for key, what, endless in limits:
        old, new = before[key], after[key]
        if _size(new) < _size(old):
            yield Loss(key, what, *(endless if isinstance(x, str) else str(x) for x in (old, new)))


def _size(limit: int | str) -> float:
    return NO_LIMIT if isinstance(limit, str) else limit


def _obligations(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Loss]:
    old, new = before["escalation_levels"], after["escalation_levels"]
    if [role for role in new if role in old] != old:
        yield Loss("escalation_levels", _("Escalation levels"), *map(_levels, (old, new)))
    added = [key for key in after["requirements"] if key not in before["requirements"]]
    if added:
        yield Loss(
            "requirements",
            _("What a customer must hold"),
            ", ".join(before["requirements"]) or _("nothing"),
            ", ".join(after["requirements"]),
        )


def _levels(roles: Sequence[str]) -> str:
    return ", ".join(str(EscalationRole(role).label) for role in roles) or _("none")


def _tam_hours(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Loss]:
    if not (before["services"]["tam"] and after["services"]["tam"]):
        return
    weeks = [_week(terms["tam_hours"]) for terms in (before, after)]
    days = [day for day in WEEKDAYS if not _covers(weeks[1].get(day, []), weeks[0].get(day, []))]
    if days:
        texts = (_week_text(week, days) for week in weeks)
        yield Loss("tam_hours", _("Hours of the TAM"), *texts)


def _week(hours: Mapping[str, Any] | str) -> Mapping[str, Any]:
    return dict.fromkeys(WEEKDAYS, OFFICE) if isinstance(hours, str) else hours


def _covers(new: Any, old: Any) -> bool:
    """Whether somebody is there at every minute of the old hours of a day."""
    if not old or new in (old, [["00:00", "24:00"]]):
        return True
    if isinstance(old, str) or isinstance(new, str):
        return False
    joined: list[list[str]] = []
    for opens, closes in new:
        if joined and joined[-1][1] == opens:
            joined[-1][1] = closes
        else:
            joined.append([opens, closes])
    return all(
        any(first <= opens and closes <= last for first, last in joined) for opens, closes in old
    )


def _week_text(week: Mapping[str, Any], days: Sequence[str]) -> str:
    names = {day: str(WEEKDAYS_ABBR[number]) for number, day in enumerate(WEEKDAYS)}
    return "; ".join(f"{names[day]} {_day_text(week.get(day, []))}" for day in days)


def _day_text(windows: Any) -> str:
    if isinstance(windows, str):
        return _("office hours")
    return ", ".join("–".join(window) for window in windows) or _("none")


def _services(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Loss]:
    included, missing = _("included"), _("not included")
    for key in FLAGS:
        if before[key] and not after[key]:
            yield _service_loss(key, included, missing)
    if after["latest_databases_required"] and not before["latest_databases_required"]:
        yield Loss(
            "services.latest_databases_required",
            _("Latest databases"),
            _("not required"),
            _("required"),
        )
    efforts = [terms["private_patches"] or "" for terms in (before, after)]
    if PATCH_EFFORTS.index(efforts[1]) < PATCH_EFFORTS.index(efforts[0]):
        labels = (str(PatchEffort(effort).label) if effort else missing for effort in efforts)
        yield _service_loss("private_patches", *labels)
    old, new = (list(terms["open_incident_reports"]) for terms in (before, after))
    if not set(old) <= set(new):
        labels = (_joined(OpenIncidentReports, kinds) or missing for kinds in (old, new))
        yield _service_loss("open_incident_reports", *labels)
    old, new = (list(terms["exclusions"]) for terms in (before, after))
    if not set(new) <= set(old):
        labels = (_joined(Exclusion, reasons) or _("none") for reasons in (old, new))
        yield _service_loss("exclusions", *labels)


def _service_loss(key: str, before: str, after: str) -> Loss:
    return Loss(f"services.{key}", str(SERVICE_LABELS[key]), before, after)


def _joined(words: Any, keys: Sequence[str]) -> str:
    return ", ".join(str(words(key).label) for key in keys)
