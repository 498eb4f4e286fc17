"""Tags that draw the interface. They render what they are given and ask nobody.

Instants are aware datetimes; they are shown in Django's active time zone unless a zone is named.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, pgettext
from lucide.templatetags.lucide import lucide

register = template.Library()

AVATAR_HUES = 6

SEVERITY_WORDS = {
    1: lambda: pgettext("severity", "Critical"),
    2: lambda: pgettext("severity", "High"),
    3: lambda: pgettext("severity", "Medium"),
    4: lambda: pgettext("severity", "Low"),
}

# A clock's bar turns amber where less than this part of its span is left.
WARN_BELOW = 0.2

# States of a clock that no longer counts.
STILL_STATES = frozenset({"met", "late", "ended", "missed", "standing"})

# Day and short month as people write them; Django's own short formats spell the month in digits.
SHORT_DAY = {"fr": "j N", "nl": "j b", "ru": "j E", "zh": "n月j日"}
LONG_DAY = {"fr": "j N Y", "nl": "j b Y", "ru": "j E Y", "zh": "Y年n月j日"}


class StateFacts(Protocol):
    """What the table of states says of one state."""

    @property
    def label(self) -> str: ...

    @property
    def tone(self) -> str: ...


@register.simple_tag
def icon(name: str, size: int = 18, css: str = "") -> SafeString:
    """Draw a Lucide icon, hidden from assistive technology: a word must stand beside it."""
    return _icon(str(name), int(size), str(css))


@register.simple_tag
def avatar(name: str, size: str = "") -> SafeString:
    """Draw a person's initials in a hue that stays theirs; size is "", "small" or "large"."""
    return format_html(
        '<span class="avatar {}hue-{}" aria-hidden="true">{}</span>',
        f"avatar-{size} " if size else "",
        zlib.crc32(str(name).encode()) % AVATAR_HUES,
        initials(str(name)),
    )


@register.filter
def initials(name: str) -> str:
    """Two letters of a spaced name, one character of a name written without spaces."""
    words = name.split()
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][0].upper()
    return (words[0][0] + words[-1][0]).upper()


@register.simple_tag
def severity(level: int) -> SafeString:
    """Draw severity 1 to 4 as four bars and a word."""
    return format_html(
        '<span class="severity severity-{}">'
        '<svg width="16" height="14" viewBox="0 0 16 14" aria-hidden="true">'
        '<rect x="0" y="9" width="3" height="5" rx="1"/>'
        '<rect x="4.3" y="6" width="3" height="8" rx="1"/>'
        '<rect x="8.6" y="3" width="3" height="11" rx="1"/>'
        '<rect x="12.9" y="0" width="3" height="14" rx="1"/>'
        "</svg><span>{}</span></span>",
        level,
        SEVERITY_WORDS[level](),
    )


@register.simple_tag
def state_pill(facts: StateFacts) -> SafeString:
    """Draw a state; its tone is one of new, work, customer, offer, done, hot."""
    return format_html('<span class="pill tone-{}">{}</span>', facts.tone, facts.label)


@register.simple_tag
def instant(at: datetime | None, style: str = "short", zone: str = "") -> SafeString:
    """Write an instant as `<time>`; style is "time", "short", "day" or "full".

    A named zone (an office's) replaces the reader's and is then written out.
    """
    if at is None:
        return SafeString("–")
    local = timezone.localtime(at, ZoneInfo(zone) if zone else None)
    text = _write(local, style)
    if zone and style != "full":
        text = f"{text} ({local.tzname()})"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', at.isoformat(), _write(local, "full"), text
    )


@register.simple_tag
def relative(moment: datetime | None, at: datetime) -> SafeString:
    """Write how far `moment` lies from `at`, in the largest unit that fits; a month on, its day."""
    if moment is None:
        return SafeString("–")
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        _write(local, "full"),
        _distance(moment - at) or _write(local, "day"),
    )


@register.simple_tag
def file_size(size_bytes: int) -> str:
    """Write a size of bytes in the largest binary unit, with one decimal below ten."""
    amount, unit = float(size_bytes), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if amount < 1024:  # noqa: PLR2004 - bytes of a kilobyte
            break
        amount, unit = amount / 1024, larger
    decimals = 1 if unit != "B" and amount < 10 else 0  # noqa: PLR2004 - one digit
    return f"{number_format(round(amount, decimals), decimals)}\N{NO-BREAK SPACE}{unit}"


@register.simple_tag
def clock(
    *,
    due_at: datetime | None,
    label: str,
    starts_at: datetime | None = None,
    stopped_at: datetime | None = None,
    breached_at: datetime | None = None,
    waiting: bool = False,
    ended: bool = False,
    standing: bool = False,
    warn_at: Sequence[datetime] = (),
    size: str = "row",
    subject: str = "",
    detail: str = "",
    at: datetime | None = None,
) -> SafeString:
    """Draw a clock of SPEC 7: its time left, which the script counts, and its due time in words.

    `waiting`: it waits for a call or for the opening at `starts_at`. `ended`: closed before the
    promise was kept. `standing`: it stands still, the move being the customer's. `warn_at`: the
    instants of the warnings (50 %, 80 %), where wall-clock shares would mislead; the last one turns
    it amber. `size`: "row" or "panel". `subject`: what it belongs to, as it is announced. `detail`:
    one line under the bar. `at`: the instant of rendering; left out (in cached rows), the bar
    starts empty and the script fills it.
    """
    drawn = _Clock(
        starts_at,
        due_at,
        stopped_at,
        breached_at,
        tuple(warn_at),
        at,
        waiting=waiting,
        ended=ended,
        standing=standing,
    )
    state = drawn.state
    named = f"{label}, {subject}" if subject else label
    return format_html(
        '<sla-clock class="clock clock-{size} is-{state}"{moments}'
        ' data-announce-warn="{warn}" data-announce-breached="{breached}">'
        '<span class="clock-line"><span class="clock-label">{label}</span> '
        '<span class="clock-digits" aria-hidden="true" hidden></span> '
        '<span class="clock-text">{sign}{text}</span></span> '
        '<svg class="clock-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{share}" height="4"/></svg>{detail}</sla-clock>',
        size=size,
        state=state,
        moments=drawn.moments,
        warn=gettext("%(clock)s: due soon") % {"clock": named},
        breached=gettext("%(clock)s: overdue") % {"clock": named},
        label=label,
        sign=_icon("circle-check", 14, "") if state == "met" else "",
        text=drawn.text,
        share=drawn.share,
        detail=format_html(' <span class="clock-detail">{}</span>', detail) if detail else "",
    )


@dataclass(frozen=True)
class _Clock:
    """What the clock tag was given, and what follows from it."""

    starts_at: datetime | None
    due_at: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None
    warn_at: tuple[datetime, ...]
    at: datetime | None
    waiting: bool = field(kw_only=True)
    ended: bool = field(kw_only=True)
    standing: bool = field(kw_only=True)

    @cached_property
    def state(self) -> str:
        """Name the state: waiting, standing, ok, warn, breached, met, late, ended or missed."""
        if self.ended:
            return "ended" if self.breached_at is None else "missed"
        if self.stopped_at is not None:
            return "met" if self.breached_at is None else "late"
        if self.breached_at is not None:
            return "breached"
        if self.standing:
            return "standing"
        if self.waiting or self.due_at is None:
            return "waiting"
        return self._running_state(self.due_at)

    @property
    def moments(self) -> SafeString:
        """Give the script what it counts with, and only where there is something to count."""
        if self.due_at is None or self.state in STILL_STATES:
            return SafeString("")
        return format_html(
            ' data-starts-at="{}" data-due-at="{}" data-warn-at="{}"',
            (self.starts_at or self.due_at).isoformat(),
            self.due_at.isoformat(),
            " ".join(moment.isoformat() for moment in self.warn_at),
        )

    @property
    def text(self) -> SafeString:
        """Say the state in words, with the instant that matters."""
        if self.state in {"ended", "missed"}:
            return format_html("{}", gettext("ended before it was met"))
        if self.state == "standing":
            return format_html("{}", gettext("stands still"))
        if self.state == "met":
            return _phrase(gettext("met {instant}"), self.stopped_at)
        if self.state == "late":
            return _phrase(gettext("met late, {instant}"), self.stopped_at)
        if self.state == "breached":
            return _phrase(gettext("was due {instant}"), self.due_at)
        if self.state != "waiting":
            return _phrase(gettext("due {instant}"), self.due_at)
        if self.starts_at is None:
            return format_html("{}", gettext("starts with the call"))
        return _phrase(gettext("starts {instant} at the latest"), self.starts_at)

    @property
    def share(self) -> str:
        """Return how much of the span has passed, 0 to 100, written for SVG in any locale."""
        until = self.stopped_at or self.at
        if self.state in {"breached", "late", "missed"}:
            return "100"
        if self.starts_at is None or self.due_at is None or until is None:
            return "0"
        if self.due_at <= self.starts_at:
            return "0"
        passed = (until - self.starts_at) / (self.due_at - self.starts_at)
        return f"{min(max(100 * passed, 0), 100):.1f}"

    def _running_state(self, due_at: datetime) -> str:
        if self.at is None:
            return "ok"
        if self.at > due_at:
            return "breached"
        warn_from = due_at - (due_at - (self.starts_at or due_at)) * WARN_BELOW
        if self.warn_at:
            warn_from = self.warn_at[-1]
        return "warn" if self.at >= warn_from else "ok"


def _phrase(text: str, at: datetime | None) -> SafeString:
    return format_html(text, instant=instant(at))


# More icons than the product uses; bounded all the same.
@lru_cache(maxsize=512)
def _icon(name: str, size: int, css: str) -> SafeString:
    attributes = {"class": css} if css else {}
    return SafeString(lucide(name, size=size, aria_hidden="true", focusable="false", **attributes))


def _write(local: datetime, style: str) -> str:
    """Write a local time; hours always run to 24, since a promise must not hang on a.m. or p.m."""
    language = (get_language() or "")[:2]
    hours = date_format(local, "H:i", use_l10n=False)
    day = date_format(local, LONG_DAY.get(language, "j M Y"), use_l10n=False)
    if style == "time":
        return hours
    if style == "day":
        return day
    if style == "full":
        return f"{day} {hours} {local.tzname()}"
    short_day = date_format(local, SHORT_DAY.get(language, "j M"), use_l10n=False)
    return f"{hours} · {short_day}"


def _distance(span: timedelta) -> str:
    """Return "" from thirty days on."""
    minutes = int(abs(span).total_seconds()) // 60
    hours, days = minutes // 60, minutes // 1440
    past = span <= timedelta()
    if minutes == 0:
        return gettext("just now")
    if hours == 0:
        text = (
            ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes)
            if past
            else ngettext("in %(n)d minute", "in %(n)d minutes", minutes)
        )
        return text % {"n": minutes}
    if days == 0:
        text = (
            ngettext("%(n)d hour ago", "%(n)d hours ago", hours)
            if past
            else ngettext("in %(n)d hour", "in %(n)d hours", hours)
        )
        return text % {"n": hours}
    if days < 30:  # noqa: PLR2004 - said above
        text = (
            ngettext("%(n)d day ago", "%(n)d days ago", days)
            if past
            else ngettext("in %(n)d day", "in %(n)d days", days)
        )
        return text % {"n": days}
    return ""
