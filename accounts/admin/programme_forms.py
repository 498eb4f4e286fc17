"""What an administrator writes of a programme edition, with the source of each value (SPEC 2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils.functional import lazystr
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions.programmes import broken_promises, promised_to, running_certificates
from accounts.admin.base import Formset, ModelForm
from accounts.admin.fields import PartsField, PlainJSON, texts_field, week_field
from accounts.admin.preview import SeenForm
from accounts.datafile import Problem
from accounts.models import Programme, ProgrammeSeverity
from accounts.terms import (
    MINUTES_MOST,
    RULES,
    SERVICE_LABELS,
    VALUE_PATHS,
    EscalationRole,
    Exclusion,
    FurtherTarget,
    OpenIncidentReports,
    PatchEffort,
    TargetUnit,
)

STATED = "stated"
LIKE = "like"  # in the address of the form of a new edition: which one it is made from
# Fields of the form whose source is shown beside them, with their paths in the edition's file.
SOURCED = (
    "contact_limit",
    "incidents_per_year",
    "customer_side_months",
    "warning_percentages",
    "escalation_levels",
    "requirements",
    "tam_hours",
)
SEVERITY_SOURCED = {
    "response_minutes": "response",
    "call_required_out_of_hours": "call_required_out_of_hours",
    "phone_line": "phone_line",
    "status_reports": "status_reports",
    "further_targets": "further_targets",
    "meaning_product": "meaning.product",
    "meaning_malware": "meaning.malware",
}


def source_text(source: object) -> str:
    """Return where a value comes from, for people; empty where that is not known."""
    match source:
        case {"stated": True}:
            return _("Stated in its document.")
        case {"assumed_from": str(edition)} if edition == RULES:
            return _("Assumed: a rule of this product.")
        case {"assumed_from": str(edition)}:
            return _("Assumed from %(edition)s.") % {"edition": edition}
    return ""


class SourceField(forms.ChoiceField):
    """Where one value comes from: stated, or assumed from another edition or the rules."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return STATED if value.get("stated") else value.get("assumed_from")
        return value

    def clean(self, value: Any) -> Any:
        chosen = super().clean(value)
        return {"stated": True} if chosen == STATED else {"assumed_from": chosen}


class EffortField(forms.ChoiceField):
    """With what effort private patches are made; kept as False where there are none."""

    def prepare_value(self, value: Any) -> Any:
        return value or ""

    def clean(self, value: Any) -> Any:
        return super().clean(value) or False


class TargetField(PartsField):
    """A duration and how it is counted; no minutes: none promised."""

    def assembled(self, values: dict[str, Any]) -> Any:
        return values if values["minutes"] else None


def services_field(provenance: Mapping[str, Any]) -> PartsField:
    parts: dict[str, forms.Field] = {
        key: forms.BooleanField(required=False, label=label)
        for key, label in SERVICE_LABELS.items()
    }
    parts["private_patches"] = EffortField(
        choices=[("", gettext_lazy("not included")), *PatchEffort.choices],
        required=False,
    )
    parts["open_incident_reports"] = _several(OpenIncidentReports.choices)
    parts["exclusions"] = _several(Exclusion.choices)
    for key, part in parts.items():
        part.label = SERVICE_LABELS[key]
        part.help_text = source_text(provenance.get(f"services.{key}"))
    return PartsField(parts, required=False, label=gettext_lazy("Services included"))


def provenance_field(key: str) -> PartsField:
    """Return the field of the sources of the edition `key`: any other edition, or the rules."""
    editions = Programme.objects.exclude(key=key).order_by("key").values_list("key", flat=True)
    choices = [
        (STATED, _("Stated in its document")),
        (RULES, _("Assumed: a rule of this product")),
        *((edition, _("Assumed from %(edition)s") % {"edition": edition}) for edition in editions),
    ]
    sources: dict[str, forms.Field] = {
        path: SourceField(choices=choices, label=path_label(path)) for path in VALUE_PATHS
    }
    return PartsField(sources, label=_("Source of each value"))


def path_label(path: str) -> str:
    """Return what people call the value at a path such as `severity.1.response`."""
    start, _dot, rest = path.partition(".")
    if start == "services":
        return str(SERVICE_LABELS[rest])
    if start != "severity":
        return str(capfirst(_verbose(Programme, path)))
    severity, _dot, value = rest.partition(".")
    field = next(field for field, at in SEVERITY_SOURCED.items() if at == value)
    return _("Severity %(severity)s: %(value)s") % {
        "severity": severity,
        "value": _verbose(ProgrammeSeverity, field),
    }


def _verbose(model: Any, field: str) -> str:
    return str(model._meta.get_field(field).verbose_name)  # noqa: SLF001


def _several(choices: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "checkbox-list"}),
    )


def _further_field() -> PartsField:
    targets: dict[str, forms.Field] = {
        str(kind): TargetField(
            {
                "minutes": forms.IntegerField(
                    label=gettext_lazy("minutes"),
                    required=False,
                    min_value=1,
                    max_value=MINUTES_MOST,
                ),
                "unit": forms.ChoiceField(
                    label=gettext_lazy("counted"), choices=TargetUnit.choices
                ),
            },
            label=capfirst(kind.label),
            required=False,
        )
        for kind in FurtherTarget
    }
    return PartsField(
        targets,
        sparse=True,
        nothing={},
        required=False,
        label=gettext_lazy("Further targets"),
        help_text=gettext_lazy("No minutes: none promised."),
    )


class ProgrammeForm(SeenForm):
    # The admin's page sets them: when the request arrived, and what a new edition is made from.
    at: ClassVar[datetime]
    like: ClassVar[Programme | None] = None

    names = texts_field(label=gettext_lazy("Name"))
    summaries = texts_field(long=True, label=gettext_lazy("Summary"))
    tam_hours = week_field(
        may_follow_office=True,
        required=False,
        label=gettext_lazy("Hours of the TAM"),
        help_text=gettext_lazy(
            "Leave every day empty for office hours. Otherwise write hours such as 09:00–18:00, or "
            "“office” for that day's office hours; a day left empty has none. A certificate's own "
            "hours come before them."
        ),
    )
    escalation_levels = forms.MultipleChoiceField(
        choices=EscalationRole.choices,
        required=False,
        label=gettext_lazy("Escalation levels"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "checkbox-list"}),
    )

    requirements = forms.JSONField(
        required=False,
        encoder=PlainJSON,
        label=gettext_lazy("What a customer must hold"),
        help_text=gettext_lazy("Texts by language under a key for each requirement."),
    )

    class Meta:
        model = Programme
        fields = (
            "key",
            "region",
            "year",
            "document",
            "names",
            "summaries",
            "contact_limit",
            "incidents_per_year",
            "customer_side_months",
            "warning_percentages",
            "escalation_levels",
            "requirements",
            "tam_hours",
            "services",
            "provenance",
        )
        help_texts: ClassVar[dict[str, Any]] = {
            "contact_limit": gettext_lazy(
                "Certificates that have not ended take a higher number over at once; while there "
                "are any, it cannot be lowered."
            ),
            "document": gettext_lazy(
                "Reference of the document that states it; “rules” where there is none, and every "
                "value is assumed."
            ),
            "warning_percentages": gettext_lazy(
                "Rising, with commas between: who is responsible is warned at each."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        provenance = sources_like(self.like) if self.like else self.instance.provenance
        self.fields["services"] = services_field(provenance)
        self.fields["provenance"] = provenance_field(self.instance.key)
        for name in SOURCED:
            _add_source(self.fields[name], provenance.get(name))

    def facts(self, row: Programme) -> Any:
        return row.fingerprint()

    def lock(self) -> None:
        """Lock the edition against certificates that are being issued under it, too."""
        Programme.objects.select_for_update().get(pk=self.instance.pk)

    def clean_requirements(self) -> dict[str, Any]:
        return self.cleaned_data["requirements"] or {}

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook after `clean`
        if self.errors:
            return
        self._check_names()
        if self.instance.pk:
            self._keep_promises()

    def _check_names(self) -> None:
        """Refuse a name that another edition bears: people could not tell them apart."""
        if self.instance.pk and "names" not in self.changed_data:
            return
        names: dict[str, str] = self.instance.names
        for other in Programme.objects.exclude(pk=self.instance.pk).order_by("key"):
            for code, language in settings.LANGUAGES:
                if names[code] == other.names.get(code):
                    text = _("%(language)s: %(edition)s has this name already.")
                    self.add_error("names", text % {"language": language, "edition": other.key})
                    return

    def _keep_promises(self) -> None:
        """Refuse each value that would take back what running certificates promise."""
        stored = Programme.objects.get(pk=self.instance.pk)
        after = self.instance.as_data(list(stored.severities.all()))
        problems = broken_promises(programme=stored, after=after)
        for problem in problems:
            self.add_error(problem.path.partition(".")[0], problem.message)
        if problems:
            self.add_error(None, instead_of_breaking(stored, self.at))


class SeverityForm(ModelForm):
    further_targets = _further_field()
    meaning_product = texts_field(long=True, label=gettext_lazy("Meaning for product incidents"))
    meaning_malware = texts_field(long=True, label=gettext_lazy("Meaning for malware incidents"))

    class Meta:
        model = ProgrammeSeverity
        fields = ("severity", "response_minutes", "response_unit", *list(SEVERITY_SOURCED)[1:])

    def __init__(self, *args: Any, provenance: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        severity = self.instance.severity or self.initial.get("severity")
        for name, path in SEVERITY_SOURCED.items():
            _add_source(self.fields[name], provenance.get(f"severity.{severity}.{path}"))
        self.fields["severity"].disabled = True

    def has_changed(self) -> bool:
        """A new edition's severity is saved even when nobody changed what was filled in."""
        return self.instance.pk is None or super().has_changed()


class SeverityFormSet(Formset):
    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        self.at = at
        super().__init__(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        if self.instance.pk and not any(self.errors):
            self._keep_promises()

    def _keep_promises(self) -> None:
        """Refuse each value that would take back what running certificates promise."""
        stored = Programme.objects.get(pk=self.instance.pk)
        before = stored.as_data()
        rows = {str(form.instance.severity): form for form in self.forms}
        after = {number: form.instance.as_data() for number, form in rows.items()}
        problems = broken_promises(
            programme=stored, after={**before, "severity": before["severity"] | after}
        )
        for problem in problems:
            number, field = _severity_field(problem)
            rows[number].add_error(field, problem.message)
        if problems:
            raise forms.ValidationError(instead_of_breaking(stored, self.at))


def terms_like(programme: Programme) -> dict[str, Any]:
    """Return what the form of a new edition starts with: all of another's terms, not its key."""
    terms = {name: getattr(programme, name) for name in ProgrammeForm.Meta.fields if name != "key"}
    return {**terms, "document": RULES, "provenance": sources_like(programme)}


def severities_like(programme: Programme) -> list[dict[str, Any]]:
    return [
        {name: getattr(row, name) for name in SeverityForm.Meta.fields}
        for row in programme.severities.all()
    ]


def sources_like(programme: Programme) -> dict[str, dict[str, str]]:
    return {path: {"assumed_from": programme.key} for path in VALUE_PATHS}


def instead_of_breaking(programme: Programme, at: datetime) -> str:
    """Return how many certificates hold a programme to its promises, and the way out."""
    return format_html(
        '{} <a href="{}?{}={}">{}</a>',
        promised_to(running_certificates(programme, at).count()),
        reverse("admin:accounts_programme_add"),
        LIKE,
        programme.pk,
        _("New edition from this one"),
    )


def _severity_field(problem: Problem) -> tuple[str, str]:
    _start, number, path = problem.path.split(".", 2)
    return number, next(field for field, at in SEVERITY_SOURCED.items() if at == path)


def _add_source(field: forms.Field, source: object) -> None:
    texts = [str(field.help_text), source_text(source)]
    field.help_text = lazystr(" ".join(filter(None, texts)))
