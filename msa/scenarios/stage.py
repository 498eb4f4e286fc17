"""Where scenarios are played: for good, or as a rehearsal that leaves no trace."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.actions.programmes import load_programmes
from accounts.models import Programme, calendars_in_mind
from accounts.programmes import CATEGORIES_FILE, read_programmes
from incidents.actions.categories import load_categories
from incidents.categories import read_categories
from incidents.models import Category
from msa import clock
from msa.scenarios.lines import Line
from msa.scenarios.player import Player
from msa.scenarios.report import report

FILES = settings.BASE_DIR / "programmes"


def perform(lines: Sequence[Line]) -> dict[str, Any]:
    """Play in one transaction and keep what came of it; return the report."""
    return _play(lines, rehearsal=False)


def rehearse(lines: Sequence[Line]) -> dict[str, Any]:
    """Play in a transaction that is rolled back; return the report.

    Several may run at once, and beside a live desk.
    """
    return _play(lines, rehearsal=True)


def _play(lines: Sequence[Line], *, rehearsal: bool) -> dict[str, Any]:
    now = clock.now()
    with transaction.atomic(), calendars_in_mind() if rehearsal else nullcontext():
        if not Programme.objects.exists():
            load_programmes(editions=read_programmes(FILES), actor=None, at=now)
        if not Category.objects.exists():
            load_categories(categories=read_categories(FILES / CATEGORIES_FILE), actor=None, at=now)
        player = Player(today=now.date(), rehearsal=rehearsal)
        player.play(lines)
        result = report(player)
        transaction.set_rollback(rehearsal)
    return result
