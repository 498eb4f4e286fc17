"""Programme editions in the database: a support level's promises, as data (SPEC 2)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.datafile import Problem, Table, digest, text_of_each_language
from accounts.programmes import check_programme, read_severity, text_in
from accounts.terms import (
    CONTACTS_MOST,
    CUSTOMER_SIDE_MONTHS_MOST,
    INCIDENTS_MOST,
    MINUTES_MOST,
    SEVERITIES,
    WARNINGS_MOST,
    YEAR_FIRST,
    YEAR_LAST,
    PhoneLine,
    StatusReports,
    TargetUnit,
    default_escalation_levels,
    default_warning_percentages,
    no_services,
    stated_throughout,
)


class Programme(models.Model):
    """A support level in one edition; incidents take its targets over when they are filed."""

    key = models.SlugField(_("key"), max_length=64, unique=True)
    region = models.CharField(_("region"), max_length=8, help_text=_("Such as FR or EMEA."))
    year = models.PositiveSmallIntegerField(
        _("year"), null=True, blank=True, help_text=_("Empty where the document names none.")
    )
    document = models.CharField(
        _("document"), max_length=64, help_text=_("Reference of the document that states it.")
    )
    names = models.JSONField(_("names by language"), default=text_of_each_language)
    summaries = models.JSONField(_("summaries by language"), default=text_of_each_language)
    contact_limit = models.PositiveSmallIntegerField(_("number of contacts"))
    incidents_per_year = models.PositiveSmallIntegerField(
        _("incidents per contract year"), null=True, blank=True, help_text=_("Empty: unlimited.")
    )
    customer_side_months = models.PositiveSmallIntegerField(
        _("months on the customer's side"),
        null=True,
        blank=True,
        default=1,
        help_text=_("An incident left without a reply is then closed. Empty: never."),
    )
    warning_percentages = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("warnings at % of the allowance"),
        default=default_warning_percentages,
        blank=True,
    )
    escalation_levels = models.JSONField(
        _("escalation levels"), default=default_escalation_levels, blank=True
    )
    requirements = models.JSONField(
        _("what a customer must hold"),
        default=dict,
        blank=True,
        help_text=_("Texts by language under a key for each requirement."),
    )
    tam_hours = models.JSONField(
        _("hours of the technical account manager"),
        null=True,
        blank=True,
        help_text=_(
            "Windows of each weekday, or “office” for that day's office hours. "
            "Empty: office hours. A certificate's own hours come before them."
        ),
    )
    services = models.JSONField(_("services included"), default=no_services)
    provenance = models.JSONField(
        _("where each value comes from"),
        default=stated_throughout,
        help_text=_("Stated in the edition's own document, or assumed, and from where."),
    )
    loaded_digest = models.CharField(  # noqa: DJ001 - null says: made in the admin
        _("digest of the file loaded"), max_length=64, null=True, editable=False
    )
    loaded_at = models.DateTimeField(_("loaded at"), null=True, editable=False)
    loaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("loaded by"),
    )

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                name="programme_year_plausible",
                condition=Q(year__isnull=True) | Q(year__gte=YEAR_FIRST, year__lte=YEAR_LAST),
            ),
            models.CheckConstraint(
                name="programme_contacts_countable", condition=Q(contact_limit__lte=CONTACTS_MOST)
            ),
            models.CheckConstraint(
                name="programme_incidents_countable",
                condition=Q(incidents_per_year__isnull=True)
                | Q(incidents_per_year__lte=INCIDENTS_MOST),
            ),
            models.CheckConstraint(
                name="programme_months_plausible",
                condition=Q(customer_side_months__isnull=True)
                | Q(
                    customer_side_months__gte=1, customer_side_months__lte=CUSTOMER_SIDE_MONTHS_MOST
                ),
            ),
            models.CheckConstraint(
                name="programme_warnings_few",
                condition=Q(warning_percentages__len__lte=WARNINGS_MOST),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.key

    @property
    def name(self) -> str:
        return text_in(self.names, get_language())

    @property
    def summary(self) -> str:
        return text_in(self.summaries, get_language())

    def targets(self, severities: "Iterable[ProgrammeSeverity] | None" = None) -> dict[str, Any]:
        """Return the table of targets that an incident takes over when it is filed (SPEC 2).

        Keys of the inner tables are severities as text, as JSON has it. A response is None where
        none is promised, `customer_side_months` where the customer's side has no limit.
        `severities` saves fetching them.
        """
        severities = list(self.severities.all() if severities is None else severities)
        return {
            "response": {str(row.severity): row.response() for row in severities},
            "further_targets": {str(row.severity): row.further_targets for row in severities},
            "phone_line": {str(row.severity): str(row.phone_line) for row in severities},
            "status_reports": {str(row.severity): str(row.status_reports) for row in severities},
            "warning_percentages": list(self.warning_percentages),
            "customer_side_months": self.customer_side_months,
        }

    def tam_week(self, office_week: Mapping[str, Any]) -> dict[str, Any]:
        """Return the TAM's windows by weekday, where the office keeps `office_week`."""
        if self.tam_hours is None:
            return dict(office_week)
        week = {
            day: office_week.get(day, []) if windows == "office" else windows
            for day, windows in self.tam_hours.items()
        }
        return {day: windows for day, windows in week.items() if windows}

    def as_data(self, severities: "Sequence[ProgrammeSeverity] | None" = None) -> dict[str, Any]:
        """Return the present terms in the form of a programme file, to compare and to check."""
        rows = list(self.severities.all()) if severities is None else severities
        return {
            "key": self.key,
            "region": self.region,
            "year": _or_word(self.year, "none"),
            "document": self.document,
            "name": self.names,
            "summary": self.summaries,
            "contact_limit": self.contact_limit,
            "incidents_per_year": _or_word(self.incidents_per_year, "unlimited"),
            "customer_side_months": _or_word(self.customer_side_months, "none"),
            "warning_percentages": list(self.warning_percentages),
            "escalation_levels": self.escalation_levels,
            "requirements": self.requirements,
            "tam_hours": _or_word(self.tam_hours, "office"),
            "services": self.services,
            "severity": {str(row.severity): row.as_data() for row in rows},
            "provenance": _phrases(self.provenance),
        }

    def printed(self) -> dict[str, Any]:
        """Return the terms that a certificate prints: who reads it later needs nothing else."""
        terms = self.as_data()
        severities = terms.pop("severity")
        for unprinted in ("provenance", "requirements", "summary", "warning_percentages"):
            del terms[unprinted]
        for severity in severities.values():
            del severity["meaning"]
        return {**terms, "severity": severities}

    def fingerprint(self) -> str:
        """Return the digest of the present terms; `loaded_digest` until they are edited."""
        return digest(self.as_data())

    def clean(self) -> None:
        """Check the terms as their file would be; severities are checked row by row."""
        super().clean()
        _terms, problems = check_programme(self.as_data(severities=()))
        _raise_for([problem for problem in problems if not problem.path.startswith("severity")])


class ProgrammeSeverity(models.Model):
    """What an edition promises at one severity, and what that severity means in it."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="severities")
    severity = models.PositiveSmallIntegerField(
        _("severity"), choices=[(number, str(number)) for number in SEVERITIES]
    )
    response_minutes = models.PositiveIntegerField(
        _("response time in minutes"), null=True, blank=True, help_text=_("Empty: none promised.")
    )
    response_unit = models.CharField(
        _("counted"), max_length=10, choices=TargetUnit, default=TargetUnit.ELAPSED
    )
    call_required_out_of_hours = models.BooleanField(_("call required out of hours"), default=False)
    phone_line = models.CharField(_("priority phone line"), max_length=20, choices=PhoneLine)
    status_reports = models.CharField(
        _("status reports"), max_length=20, choices=StatusReports, default=StatusReports.NONE
    )
    further_targets = models.JSONField(
        _("further targets"),
        default=dict,
        blank=True,
        help_text=_(
            "Minutes and unit under next_response, update, workaround or resolution; "
            "empty: none promised."
        ),
    )
    meaning_product = models.JSONField(
        _("meaning for product incidents"), default=text_of_each_language
    )
    meaning_malware = models.JSONField(
        _("meaning for malware incidents"), default=text_of_each_language
    )

    class Meta:
        verbose_name = _("programme severity")
        verbose_name_plural = _("programme severities")
        ordering = ["programme_id", "severity"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "severity"], name="programme_severity_once"
            ),
            models.CheckConstraint(
                name="programme_severity_known", condition=Q(severity__gte=1, severity__lte=4)
            ),
            models.CheckConstraint(
                name="programme_response_has_length",
                condition=Q(response_minutes__isnull=True)
                | Q(response_minutes__gte=1, response_minutes__lte=MINUTES_MOST),
            ),
            models.CheckConstraint(
                name="programme_response_unit_known",
                condition=Q(response_unit__in=TargetUnit.values),
            ),
            models.CheckConstraint(
                name="programme_phone_line_known", condition=Q(phone_line__in=PhoneLine.values)
            ),
            models.CheckConstraint(
                name="programme_status_reports_known",
                condition=Q(status_reports__in=StatusReports.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme} · {self.severity}"

    def response(self) -> dict[str, Any] | None:
        """Return the response target in the form that incidents keep; None: none promised."""
        if self.response_minutes is None:
            return None
        return {
            "minutes": self.response_minutes,
            "unit": str(self.response_unit),
            "call_required": self.call_required_out_of_hours,
        }

    def as_data(self) -> dict[str, Any]:
        """Return the terms of this severity in the form of a programme file."""
        response: Any = "none"
        if self.response_minutes is not None:
            response = {"minutes": self.response_minutes, "unit": str(self.response_unit)}
        return {
            "response": response,
            "call_required_out_of_hours": self.call_required_out_of_hours,
            "phone_line": str(self.phone_line),
            "status_reports": str(self.status_reports),
            "further_targets": self.further_targets,
            "meaning": {"product": self.meaning_product, "malware": self.meaning_malware},
        }

    def clean(self) -> None:
        super().clean()
        problems: list[Problem] = []
        read_severity(Table(self.as_data(), f"severity.{self.severity}", problems))
        _raise_for(problems)


def _or_word(value: Any, word: str) -> Any:
    return word if value is None else value


def _phrases(provenance: Any) -> Any:
    """Return the sources as a file words them; what is malformed stays, for the check to name."""
    if not isinstance(provenance, Mapping):
        return provenance
    return {path: _phrase(source) for path, source in provenance.items()}


def _phrase(source: Any) -> Any:
    match source:
        case {"stated": True}:
            return "stated"
        case {"assumed_from": str(edition)}:
            return f"assumed from {edition}"
        case _:
            return source


def _raise_for(problems: Sequence[Problem]) -> None:
    if problems:
        raise ValidationError([str(problem) for problem in problems])
