"""Programme editions as files: TOML in, checked and frozen terms out (SPEC 2).

Nothing here touches the database. `accounts.datafile` reads the single values and collects every
problem of a file; this module knows which keys an edition has.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from django.utils.translation import gettext as _

from accounts.datafile import (
    DataFileError,
    Problem,
    Table,
    alternatives,
    flattened,
    is_slug,
    read_toml,
    shown,
    slug_expected,
)
from accounts.terms import (
    CONTACTS_MOST,
    CUSTOMER_SIDE_MONTHS_MOST,
    INCIDENTS_MOST,
    MINUTES_MOST,
    RULES,
    SEVERITIES,
    VALUE_PATHS,
    WARNINGS_MOST,
    WEEKDAYS,
    WINDOWS_MOST,
    YEAR_FIRST,
    YEAR_LAST,
    EscalationRole,
    Exclusion,
    FurtherTarget,
    OpenIncidentReports,
    PatchEffort,
    PhoneLine,
    ProgrammeTerms,
    Services,
    SeverityTerms,
    StatusReports,
    Target,
    TargetUnit,
)

CATEGORIES_FILE = "categories.toml"  # stands beside the editions and is none of them
FALLBACK_LANGUAGE = "en"

_WALL_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
_STATED = "stated"
_ASSUMED = "assumed from "
_TARGET_FORM = '{ minutes = 240, unit = "elapsed" }'


def text_in(texts: Mapping[str, str], language: str | None) -> str:
    """Return the text of a language, else of its base language, else the English one."""
    wanted = (language or FALLBACK_LANGUAGE).lower()
    for code in (wanted, wanted.partition("-")[0], FALLBACK_LANGUAGE):
        if texts.get(code):
            return texts[code]
    return ""


class ProgrammeError(DataFileError):
    """Programme files that cannot be loaded as they are."""


def read_programmes(directory: Path) -> list[ProgrammeTerms]:
    """Return every edition of a folder in order of key; `ProgrammeError` names all mistakes."""
    paths = sorted(path for path in directory.glob("*.toml") if path.name != CATEGORIES_FILE)
    if not paths:
        message = _("%(folder)s: expected programme files (*.toml), found nothing")
        raise ProgrammeError([message % {"folder": directory}])
    editions: list[ProgrammeTerms] = []
    lines: list[str] = []
    for path in paths:
        try:
            editions.append(parse_programme(read_toml(path), path.stem))
        except DataFileError as error:
            lines += error.lines
    if lines:
        raise ProgrammeError(lines)
    return editions


def parse_programme(data: Mapping[str, Any], key: str) -> ProgrammeTerms:
    """Return the terms of the edition `key`, read from `key.toml`; else `ProgrammeError`."""
    terms, problems = check_programme(data)
    if terms.key not in {key, ""}:
        message = _("expected the name of its file, %(name)s, found %(found)s")
        values = {"name": shown(key), "found": shown(terms.key)}
        problems.insert(0, Problem("key", message % values))
    if problems:
        raise ProgrammeError([f"{key}.toml: {problem}" for problem in problems])
    return terms


def check_programme(data: Mapping[str, Any]) -> tuple[ProgrammeTerms, list[Problem]]:
    """Return the terms in `data` with everything that is wrong with them."""
    problems: list[Problem] = []
    table = Table(data, "", problems)
    terms = ProgrammeTerms(
        key=table.slug("key"),
        region=_region(table),
        year=table.whole("year", low=YEAR_FIRST, high=YEAR_LAST, word="none"),
        document=table.text("document", most=64),
        names=table.texts("name"),
        summaries=table.texts("summary"),
        contact_limit=table.whole("contact_limit", low=0, high=CONTACTS_MOST) or 0,
        incidents_per_year=table.whole(
            "incidents_per_year", low=0, high=INCIDENTS_MOST, word="unlimited"
        ),
        customer_side_months=table.whole(
            "customer_side_months", low=1, high=CUSTOMER_SIDE_MONTHS_MOST, word="none"
        ),
        warning_percentages=_warning_percentages(table),
        escalation_levels=table.words("escalation_levels", EscalationRole),
        requirements=_requirements(table),
        tam_hours=_tam_hours(table),
        services=_services(table),
        severities=_severities(table),
        provenance=_provenance(table),
    )
    table.close()
    return terms, problems


def _region(table: Table) -> str:
    value = table.raw("region")
    if isinstance(value, str) and re.fullmatch(r"[A-Z]{2,8}", value):
        return value
    table.refuse("region", _("2 to 8 capital letters"))
    return ""


def _warning_percentages(table: Table) -> tuple[int, ...]:
    value = table.raw("warning_percentages")
    if (
        isinstance(value, list)
        and len(value) <= WARNINGS_MOST
        and all(type(item) is int and item in range(1, 100) for item in value)
        and all(earlier < later for earlier, later in pairwise(value))
    ):
        return tuple(value)
    table.refuse(
        "warning_percentages",
        _("at most %(most)s rising whole numbers from 1 to 99") % {"most": WARNINGS_MOST},
    )
    return ()


def _requirements(table: Table) -> dict[str, dict[str, str]]:
    required = table.table("requirements")
    if required is None:
        return {}
    for key in required.data:
        if not is_slug(key):
            required.note(key, _("expected a key of %(slug)s") % {"slug": slug_expected()})
    return {key: required.texts(key) for key in required.data}


def _tam_hours(table: Table) -> dict[str, Any] | None:
    if table.raw("tam_hours") == "office":
        return None
    hours = table.table("tam_hours") if isinstance(table.raw("tam_hours"), Mapping) else None
    if hours is None:
        table.refuse("tam_hours", _('"office" or a table of weekdays'))
        return None
    days = {day: hours.raw(day) for day in WEEKDAYS}
    for day, windows in days.items():
        if windows is not None and windows != "office" and not _are_windows(windows):
            hours.refuse(day, _('"office" or windows such as [["09:00", "13:00"]], in order'))
    hours.close()
    return {day: windows for day, windows in days.items() if windows is not None}


def _are_windows(value: object) -> bool:
    if not isinstance(value, list) or not 0 < len(value) <= WINDOWS_MOST:
        return False
    reached = "00:00"
    for window in value:
        match window:
            case [str(opens), str(closes)] if (
                _is_time(opens) and _is_time(closes) and reached <= opens < closes
            ):
                reached = closes
            case _:
                return False
    return True


def _is_time(text: str) -> bool:
    return _WALL_CLOCK.fullmatch(text) is not None


def _services(table: Table) -> Services:
    services = table.table("services") or Table({}, "services", [])
    read = Services(
        tam=services.flag("tam"),
        tam_channel=services.flag("tam_channel"),
        signature_requests=services.flag("signature_requests"),
        lab_around_the_clock=services.flag("lab_around_the_clock"),
        latest_databases_required=services.flag("latest_databases_required"),
        public_patches=services.flag("public_patches"),
        private_patches=_private_patches(services),
        open_incident_reports=services.words("open_incident_reports", OpenIncidentReports),
        quarterly_reports=services.flag("quarterly_reports"),
        health_check=services.flag("health_check"),
        exclusions=services.words("exclusions", Exclusion),
    )
    services.close()
    return read


def _private_patches(services: Table) -> PatchEffort | Literal[False]:
    value = services.raw("private_patches")
    if isinstance(value, str) and value in PatchEffort.values:
        return PatchEffort(value)
    if value is not False:
        services.refuse("private_patches", f"false, {alternatives(PatchEffort.values)}")
    return False


def _severities(table: Table) -> dict[int, SeverityTerms]:
    severities = table.table("severity")
    if severities is None:
        return {}
    read = {}
    for number in SEVERITIES:
        terms = severities.table(str(number))
        if terms is not None:
            read[number] = read_severity(terms)
    severities.close()
    return read


def read_severity(table: Table) -> SeverityTerms:
    meaning = table.table("meaning") or Table({}, table.at("meaning"), [])
    terms = SeverityTerms(
        response=_response(table),
        call_required_out_of_hours=table.flag("call_required_out_of_hours"),
        phone_line=table.word("phone_line", PhoneLine),
        status_reports=table.word("status_reports", StatusReports),
        further_targets=_further_targets(table),
        meaning_product=meaning.texts("product"),
        meaning_malware=meaning.texts("malware"),
    )
    meaning.close()
    table.close()
    return terms


def _response(table: Table) -> Target | None:
    value = table.raw("response")
    if value == "none":
        return None
    if isinstance(value, Mapping):
        return _target(table, "response")
    table.refuse("response", _('%(target)s or "none"') % {"target": _TARGET_FORM})
    return None


def _target(table: Table, key: str) -> Target:
    value = table.raw(key)
    if not isinstance(value, Mapping):
        table.refuse(key, _TARGET_FORM)
        return Target(1, TargetUnit.ELAPSED)
    target = Table(value, table.at(key), table.problems)
    minutes = target.whole("minutes", low=1, high=MINUTES_MOST, unit=_("minutes"))
    unit = target.word("unit", TargetUnit)
    target.close()
    return Target(minutes or 1, unit)


def _further_targets(table: Table) -> dict[FurtherTarget, Target]:
    if table.raw("further_targets") is None:
        return {}
    further = table.table("further_targets")
    if further is None:
        return {}
    named = [kind for kind in FurtherTarget if further.raw(kind) is not None]
    read = {kind: _target(further, kind) for kind in named}
    further.close()
    return read


def _provenance(table: Table) -> dict[str, dict[str, Any]]:
    """Read where each value comes from; `severity.all.x` speaks for all four severities."""
    sources = table.table("provenance")
    if sources is None:
        return {}
    documented = table.raw("document") != RULES
    read: dict[str, dict[str, Any]] = {}
    for written, phrase in flattened(sources.data).items():
        for path in _severally(written):
            if path not in VALUE_PATHS:
                sources.note(path, _no_such_value())
            elif path in read:
                sources.note(path, _("given twice; expected once, here or under severity.all"))
            else:
                read[path] = _source(sources, path, phrase, documented=documented)
    for path in VALUE_PATHS:
        if path not in read:
            _source(sources, path, None, documented=documented)
    return read


def _no_such_value() -> str:
    examples = ["contact_limit", "services.tam", "severity.1.response"]
    return _("a programme has no such value; expected one such as %(examples)s") % {
        "examples": ", ".join(examples)
    }


def _severally(path: str) -> Iterator[str]:
    start, every, value = path.partition("severity.all.")
    if every and not start:
        yield from (f"severity.{severity}.{value}" for severity in SEVERITIES)
    else:
        yield path


def _source(sources: Table, path: str, phrase: object, *, documented: bool) -> dict[str, Any]:
    if phrase == _STATED and documented:
        return {"stated": True}
    if isinstance(phrase, str) and phrase.startswith(_ASSUMED) and is_slug(phrase[len(_ASSUMED) :]):
        return {"assumed_from": phrase.removeprefix(_ASSUMED)}
    expected = _('"stated", or "assumed from" with "rules" or the key of an edition')
    if not documented:
        expected = _(
            '"assumed from" with "rules" or the key of an edition, since the document is "rules"'
        )
    sources.note(
        path,
        _("expected %(expected)s, found %(found)s")
        % {"expected": expected, "found": shown(phrase)},
    )
    return {}
