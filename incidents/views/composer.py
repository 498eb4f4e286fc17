"""The composer of an incident's page: its form, and what the page shows of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import Refused
from accounts.models import User
from incidents.access import Verb
from incidents.actions.points import check_points, points_in, quoted
from incidents.models import Clock, ClockKind, Draft, Incident, Point
from incidents.queries.points import points_of, still_open
from incidents.states import Side, State
from incidents.views.act_forms import TEXT_LENGTH, ManyFilesField, WordsForm
from incidents.views.upload_field import UploadsField

# What an address may ask the composer to begin with (`?act=reply`).
KIND_OF_ACT: Final[Mapping[str, str]] = {
    "reply": "response",
    "ask": "question",
    "solution": "solution",
    "note": "note",
}

_ANSWER: Final = re.compile(r"^answer-(\d{1,18})$")


class MessageForm(WordsForm):
    """The composer: for staff with a kind and points to ask for, for contacts with answers."""

    KINDS = (
        ("response", gettext_lazy("Reply")),
        ("question", gettext_lazy("Ask")),
        ("solution", gettext_lazy("Solution")),
        ("note", gettext_lazy("Internal note")),
    )

    kind = forms.ChoiceField(choices=KINDS, required=False)
    qualified = forms.BooleanField(required=False)
    workaround = forms.BooleanField(required=False)
    points = forms.CharField(required=False, max_length=TEXT_LENGTH)
    hand_to = forms.CharField(required=False, max_length=40)

    def __init__(self, *args: Any, incident: Incident, user: User, **kwargs: Any) -> None:
        super().__init__(*args, incident=incident, user=user, **kwargs)
        self.all_points = points_of(incident)
        self.fields["text"].required = False
        self.fields["files"] = ManyFilesField(required=False)
        self.fields["uploads"] = UploadsField()
        if user.is_contact:
            posted = answers_in(self.data)
            asked = {point.pk for point in still_open(incident, self.all_points)}
            for point in self.all_points:
                if point.pk in asked or point.pk in posted:
                    self.fields[f"answer-{point.pk}"] = forms.CharField(
                        required=False, max_length=TEXT_LENGTH
                    )

    @property
    def open_points(self) -> list[Point]:
        return still_open(self.incident, self.all_points)

    @property
    def answers(self) -> dict[int, str]:
        """Return what a valid form answers, by the point's key."""
        return {pk: text for pk, text in answers_in(self.cleaned_data).items() if text.strip()}

    def clean_points(self) -> list[str]:
        points = points_in(self.cleaned_data["points"])
        try:
            check_points(points)
        except Refused as refusal:
            raise ValidationError(str(refusal)) from refusal
        return points

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("kind") not in {"response", "question"}:
            cleaned["points"] = []
        says_more = cleaned.get("points") or self.answers
        if not cleaned.get("text") and not says_more and not self.errors:
            self.add_error("text", self.fields["text"].error_messages["required"])
        return cleaned

    def keep_stale_answers(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return what was sent, with answers to points that are not open any more in the text."""
        points = points_of(self.incident)
        asked = {point.pk for point in still_open(self.incident, points)}
        answers = answers_in(data)
        stale = [point for point in points if point.pk in answers and point.pk not in asked]
        self.all_points = points
        kept = [quoted(point, answers[point.pk]) for point in stale if answers[point.pk].strip()]
        text = "\n\n".join(filter(None, [data.get("text", "").rstrip(), *kept]))
        gone = {f"answer-{point.pk}" for point in stale}
        return {name: value for name, value in data.items() if name not in gone} | {"text": text}


@dataclass(frozen=True, slots=True)
class AnswerField:
    """A point that is open, and what has been typed to answer it."""

    point: Point
    name: str
    value: str


def answers_in(data: Mapping[str, Any]) -> dict[int, str]:
    """Return what is said to points, by their keys."""
    found = ((_ANSWER.match(name), value) for name, value in data.items())
    return {int(match[1]): str(value) for match, value in found if match}


def fresh_form(incident: Incident, user: User, draft: Draft | None, act: str) -> MessageForm:
    """Return the composer with what the person typed before, or what the address asks for."""
    initial: dict[str, Any] = {}
    if draft is not None:
        initial = {"kind": draft.kind, "text": draft.text} | _points_of_draft(draft, user)
    if wanted := KIND_OF_ACT.get(act):
        initial["kind"] = wanted
    form = MessageForm(incident=incident, user=user, initial=initial)
    if draft is not None and user.is_contact:
        form.initial = form.keep_stale_answers(dict(form.initial))
    return form


def shown(
    incident: Incident,
    verbs: frozenset[Verb],
    form: MessageForm,
    clocks: Mapping[str, Clock],
) -> dict[str, Any]:
    """Return what the page's composer is drawn with, and what is listed above it.

    A contact reads what is open where they answer it.
    """
    answers = list(_answers(form))
    fields = {answer.point.pk for answer in answers}
    return {
        "composer": form,
        "composer_errors": [error for errors in form.errors.values() for error in errors],
        "composer_kinds": _kinds(incident, verbs, form["kind"].value()),
        "composer_checks": _checks(clocks, verbs, form),
        "composer_answers": answers,
        "composer_hint": _("Anything else?") if answers else "",
        "composer_asks": Verb.ASK in verbs and incident.is_open,
        "points": [
            point
            for point in form.all_points
            if point.dropped_at is None and point.pk not in fields
        ],
        "open_points": form.open_points,
    }


def _points_of_draft(draft: Draft, user: User) -> dict[str, Any]:
    if user.is_contact:
        return {f"answer-{pk}": text for pk, text in draft.points}
    return {"points": "\n".join(draft.points)}


def _kinds(incident: Incident, verbs: frozenset[Verb], chosen: Any) -> list[dict[str, Any]]:
    if Verb.NOTE not in verbs:
        return []
    offered = [
        (incident.is_open, Verb.RESPOND, "response", _("Reply to customer"), "reply"),
        (
            incident.side is Side.VENDOR,
            Verb.ASK,
            "question",
            _("Ask"),
            "message-circle-question-mark",
        ),
        (
            incident.is_open and incident.state != State.SOLUTION_OFFERED,
            Verb.OFFER_SOLUTION,
            "solution",
            _("Offer a solution"),
            "lightbulb",
        ),
        (True, Verb.NOTE, "note", _("Internal note"), "lock"),
    ]
    kinds = [
        {"value": value, "label": label, "icon": icon, "checked": value == chosen}
        for applies, verb, value, label, icon in offered
        if applies and verb in verbs
    ]
    if not any(kind["checked"] for kind in kinds):
        kinds[0]["checked"] = True
    return kinds


def _checks(
    clocks: Mapping[str, Clock], verbs: frozenset[Verb], form: MessageForm
) -> list[dict[str, Any]]:
    """Return the boxes to tick; `kind` is the kind of message that each belongs to."""
    if Verb.RESPOND not in verbs:
        return []
    qualified = bool(form["qualified"].value()) if form.is_bound else _owes_answer(clocks)
    return [
        {
            "name": "qualified",
            "label": _("Qualified response"),
            "checked": qualified,
            "kind": "response",
        },
        {
            "name": "workaround",
            "label": _("It is a workaround"),
            "checked": bool(form["workaround"].value()),
            "kind": "solution",
        },
    ]


def _owes_answer(clocks: Mapping[str, Clock]) -> bool:
    owed = (clocks.get(ClockKind.RESPONSE), clocks.get(ClockKind.NEXT_RESPONSE))
    return any(clock.is_running for clock in owed if clock)


def _answers(form: MessageForm) -> Iterable[AnswerField]:
    for point in form.open_points if form.user.is_contact else []:
        name = f"answer-{point.pk}"
        value = form[name].value() if name in form.fields else ""
        yield AnswerField(point, name, value or "")
