"""The form that gives an incident to a person or a team."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Self

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Team, User
from incidents.views.act_forms import OptionalWordsForm
from tam.queries.people import Colleague, colleagues, teams_with_counts

NOBODY = "nobody"

Options = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Receivers:
    """To whom a person may give an incident; `can_be_nobody`: it may be taken off a desk."""

    people: Sequence[Colleague]
    teams: Sequence[tuple[Team, int]]
    can_be_nobody: bool

    @classmethod
    def offered(cls, at: datetime, *, holder: User | None, may_assign: bool) -> Self:
        """Return who is on offer: people only to those who assign."""
        people = colleagues(at) if may_assign else []
        return cls(people, teams_with_counts(), can_be_nobody=may_assign and holder is not None)

    def choices(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = [("", _("Choose …"))]
        if self.can_be_nobody:
            found.append((NOBODY, _("Nobody: back to whoever is responsible")))
        if self.teams:
            found.append((_("Teams"), [_team(team, count) for team, count in self.teams]))
        by_office = sorted(self.people, key=_office)
        for office, people in groupby(by_office, key=_office):
            found.append((office or _("Without an office"), [_person(each) for each in people]))
        return found

    def person(self, value: str) -> Colleague | None:
        return next((each for each in self.people if f"person:{each.person.pk}" == value), None)

    def team(self, value: str) -> Team | None:
        return next((team for team, _count in self.teams if f"team:{team.pk}" == value), None)


class AssignmentForm(OptionalWordsForm):
    """One receiver, and a note that a team needs; somebody absent is chosen knowing it."""

    to = forms.ChoiceField(label=gettext_lazy("Give it to"))
    anyway = forms.BooleanField(label=gettext_lazy("Assign it all the same"), required=False)
    field_order = ["to", "anyway", "text"]

    def __init__(self, *args: Any, receivers: Receivers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.receivers = receivers
        to: Any = self.fields["to"]
        to.choices = receivers.choices()
        self.fields["text"].label = _("Note")
        self.fields["text"].help_text = _("For colleagues only. A team reads here what to do.")
        if not self.is_bound:
            del self.fields["anyway"]

    @property
    def person(self) -> User | None:
        """Return who was chosen; None for a team, and for nobody."""
        chosen = self.receivers.person(self.cleaned_data["to"])
        return chosen.person if chosen else None

    @property
    def team(self) -> Team | None:
        return self.receivers.team(self.cleaned_data["to"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = self.receivers.person(cleaned.get("to", ""))
        absent_until = chosen.absent_until if chosen else None
        if chosen is None or absent_until is None:
            del self.fields["anyway"]
        elif not cleaned.get("anyway"):
            self.add_error("to", _absent(chosen.person, absent_until))
        if self.receivers.team(cleaned.get("to", "")) and not cleaned.get("text"):
            self.add_error("text", _("Say what the team is asked to do."))
        return cleaned


def _absent(person: User, until: datetime) -> str:
    words = {"name": person.name, "instant": _instant(until)}
    return _("%(name)s is absent until %(instant)s. Tick the box below to assign it.") % words


def _team(team: Team, count: int) -> tuple[str, str]:
    return f"team:{team.pk}", " · ".join([team.name, _open(count)])


def _person(colleague: Colleague) -> tuple[str, str]:
    person = colleague.person
    words = [person.name, person.role_label, _open(colleague.open_count)]
    if colleague.absent_until is not None:
        words.append(_("absent until %(instant)s") % {"instant": _instant(colleague.absent_until)})
    return f"person:{person.pk}", " · ".join(words)


def _open(count: int) -> str:
    return ngettext("%(count)d open", "%(count)d open", count) % {"count": count}


def _instant(at: datetime) -> str:
    local = timezone.localtime(at)
    day = date_format(local, "SHORT_DATE_FORMAT")
    return f"{day} {date_format(local, 'H:i', use_l10n=False)}"


def _office(colleague: Colleague) -> str:
    return colleague.person.office.name if colleague.person.office else ""
