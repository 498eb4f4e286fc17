"""A contact's home: whose turn it is, what was agreed, and whom to reach (SPEC 6, 10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.models import Certificate
from incidents import queries
from incidents.access import certificates_for_filing
from incidents.queries import Hours, Opening, Row, Turn
from incidents.views.request import Request

SHORT_LIST = 8  # what a glance takes in; the rest stands behind “all”
SHORT_CLOSED = 5
PAGE = 25

TITLES: dict[Turn, str | LazyText] = {
    Turn.YOURS: _("Waiting for you"),
    Turn.OURS: _("Waiting for us"),
    Turn.CLOSED: _("Closed"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One list of the home, with how many there are in all."""

    turn: Turn
    title: str | LazyText
    rows: list[Row]
    count: int

    @property
    def has_more(self) -> bool:
        return self.count > len(self.rows)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A certificate that names the reader, and what holds on it now; those in force come first."""

    certificate: Certificate
    opening: Opening
    hours: list[Hours]
    tam_hours: list[Hours]
    line_hours: dict[str, str]
    refusal: str
    filings_left: int | None
    days_left: int | None  # shown only while an end is near


@require_GET
def home(request: Request) -> HttpResponse:
    if not request.user.is_contact:
        return redirect("queue")
    certificates = certificates_for_filing(request.user, request.at)
    turn = request.GET.get("show")
    if turn in TITLES:
        return _one_list(request, Turn(turn), certificates)
    counts = queries.count_by_turn(request.user, request.at)
    parts = [_part(request, turn, counts[turn], certificates) for turn in Turn]
    context = {
        "customer": certificates[0].customer,
        "parts": parts,
        "agreements": _agreements(certificates, request.at),
    }
    return render(request, "incidents/home.html", context)


def _part(request: Request, turn: Turn, count: int, certificates: Sequence[Certificate]) -> Part:
    length = SHORT_CLOSED if turn is Turn.CLOSED else SHORT_LIST
    incidents = queries.incidents_by_turn(request.user, turn, request.at)[:length]
    return Part(turn, TITLES[turn], queries.rows(incidents, certificates, request.at), count)


def _one_list(request: Request, turn: Turn, certificates: Sequence[Certificate]) -> HttpResponse:
    incidents = queries.incidents_by_turn(request.user, turn, request.at)
    page = Paginator(incidents, PAGE).get_page(request.GET.get("page"))
    rows = queries.rows(page.object_list, certificates, request.at)
    part = Part(turn, TITLES[turn], rows, page.paginator.count)
    context: dict[str, Any] = {"part": part, "page": page}
    return render(request, "incidents/home_list.html", context)


def _agreements(certificates: Sequence[Certificate], at: datetime) -> list[Agreement]:
    prefetch_related_objects(certificates, "programme__severities")
    left = queries.filings_left(certificates, at)
    refusals = queries.filing_refusals(certificates, left, at)
    days_left = queries.days_until_end(certificates, at)
    agreements = [
        Agreement(
            certificate=certificate,
            opening=queries.opening(certificate.hours, at),
            hours=queries.weekly_hours(certificate.week or certificate.office.calendar["week"]),
            tam_hours=queries.weekly_hours(queries.tam_week(certificate)),
            line_hours=queries.line_hours(certificate.programme),
            refusal=refusals.get(certificate.pk, ""),
            filings_left=left.get(certificate.pk),
            days_left=days_left.get(certificate.pk),
        )
        for certificate in certificates
    ]
    return sorted(agreements, key=lambda agreement: bool(agreement.refusal))
