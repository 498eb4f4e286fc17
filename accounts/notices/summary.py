"""One mail on several notices: the day's digest, and what has waited through quiet hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Notice, User
from accounts.notices.telling import Mail, where

# A mail that can still be scanned; the page has the rest.
LISTED_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Line:
    heading: str
    when: str


@dataclass(frozen=True, slots=True)
class Group:
    """What happened to one incident or agreement, in its order."""

    reference: str
    url: str
    lines: Sequence[Line]


def summary(user: User, notices: Sequence[Notice], at: datetime) -> Mail:
    """Write what happened, grouped by what it is about, in the person's language and zone."""
    with translation.override(user.language), timezone.override(ZoneInfo(user.timezone)):
        count = {"count": len(notices)}
        heading = (
            ngettext("%(count)d notice for you", "%(count)d notices for you", len(notices)) % count
        )
        subject = f"{heading} · {_day(at)}"
        context = {
            "subject": subject,
            "heading": heading,
            "groups": _groups(notices[:LISTED_MOST]),
            "more": max(len(notices) - LISTED_MOST, 0),
            "url": settings.BASE_URL + reverse("notices"),
            "where": where(_("your notices")),
            "why": _("You get this mail as you chose it in your settings for notices."),
            "urgent": False,
            "language": user.language,
            "vendor_name": settings.VENDOR_NAME,
        }
        return Mail(
            subject=subject,
            text=render_to_string("email/summary.txt", context),
            html=render_to_string("email/summary.html", context),
        )


def _groups(notices: Sequence[Notice]) -> list[Group]:
    """Group by what the notices are about, in the order of the first on each."""
    by_subject: dict[tuple[str, str], list[Notice]] = {}
    for notice in notices:
        by_subject.setdefault((notice.reference, notice.path), []).append(notice)
    return [
        Group(
            reference,
            settings.BASE_URL + path,
            [Line(notice.heading, _when(notice.at)) for notice in about],
        )
        for (reference, path), about in by_subject.items()
    ]


def _day(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATE_FORMAT")


def _when(at: datetime) -> str:
    hours = date_format(timezone.localtime(at), "H:i", use_l10n=False)
    return f"{hours} · {_day(at)}"
