"""Handovers: those that wait, one of them, and the next that one gives (SPEC 10, 19.6)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import Conflict, NotFound
from accounts.models import Office, Role, User
from incidents.views.acts import CONFLICT, UNPROCESSABLE
from incidents.views.request import Request
from tam.actions import handovers as actions
from tam.models import Handover, HandoverNote
from tam.queries.handover_items import summarise
from tam.queries.handovers import (
    counts_of,
    get_handover,
    may_accept,
    on_day,
    people_on,
    seen_of,
    visible_to,
)
from tam.queries.hands import Coming, coming
from tam.views.guards import staff_only
from tam.views.handover_words import Section, sections_of, zone_besides

PAGE_SIZE: Final = 50  # lines that a person scrolls through; further ones are a page away
NOTE_LENGTH: Final = 10_000  # characters: four pages of text; what is longer belongs to an incident

READS_AN_OFFICE: Final = frozenset({Role.TEAM_HEAD, Role.ADMINISTRATOR})


class NoteForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Your note for who takes over"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class NextNoteForm(NoteForm):
    """`change_at` is the change for which the note is written, as the page showed it."""

    office = forms.IntegerField(widget=forms.HiddenInput)
    change_at = forms.DateTimeField(
        required=False, input_formats=["%Y-%m-%dT%H:%M:%S%z"], widget=forms.HiddenInput
    )


class HistoryForm(forms.Form):
    """Narrows the list by a person on either side, and by a day."""

    person = forms.ModelChoiceField(
        label=gettext_lazy("Person"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Any"),
    )
    day = forms.DateField(
        label=gettext_lazy("Day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

    def __init__(self, data: QueryDict, *, among: QuerySet[Handover]) -> None:
        super().__init__(data)
        people: Any = self.fields["person"]
        people.queryset = people_on(among)


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What is handed over next at one instant to one person, as things stand now."""

    coming: Coming
    sections: Sequence[Section]


@dataclass(frozen=True, slots=True)
class Leaving:
    """The next handovers at one office, with the note that goes along.

    `zone` is the office's where its clock reads another time than the reader's.
    """

    office: Office
    form: NextNoteForm
    noted_at: datetime | None
    zone: str
    previews: Sequence[Preview]

    @property
    def counts(self) -> Counter[str]:
        """How many incidents each section tells of, over all that is handed over there."""
        told: Counter[str] = Counter()
        for preview in self.previews:
            told.update({section.key: len(section.lines) for section in preview.sections})
        return told

    @property
    def leads_nowhere(self) -> bool:
        """Whether nobody takes over some of it."""
        changes = (preview.coming for preview in self.previews)
        return any(change.at is not None and change.receiver is None for change in changes)


@require_safe
@staff_only
def handovers(request: Request) -> HttpResponse:
    """List what waits for the person, what they gave and got, and for heads the office's."""
    tabs, listed = _tabs(request)
    form = HistoryForm(request.GET, among=visible_to(request.user))
    if form.is_valid():
        listed = _narrowed(listed, form, request.user)
    people = listed.select_related("office", "giver", "receiver", "accepted_by")
    page = Paginator(people, PAGE_SIZE).get_page(request.GET.get("page"))
    counts = counts_of(page)
    context = {
        "tabs": tabs,
        "tab": request.GET.get("list", ""),
        "form": form,
        "page": page,
        "rows": [(handover, counts.get(handover.pk, {})) for handover in page],
        "is_narrowed": bool(form.data.get("person") or form.data.get("day")),
    }
    return render(request, "tam/handover/handovers.html", context)


@require_safe
@staff_only
def handover(request: Request, pk: int) -> HttpResponse:
    return _show(request, get_handover(request.user, pk))


@require_POST
@staff_only
def acceptance(request: Request, pk: int) -> HttpResponse:
    found = get_handover(request.user, pk)
    try:
        actions.accept(handover=found, actor=request.user, at=request.at)
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("You have taken over."))
    return redirect("handover", pk)


@require_POST
@staff_only
def note(request: Request, pk: int) -> HttpResponse:
    """Take the giver's note; what was typed stays where it is refused."""
    found = get_handover(request.user, pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _show(request, found, form, status=UNPROCESSABLE)
    text = form.cleaned_data["text"]
    try:
        actions.annotate(handover=found, actor=request.user, text=text, at=request.at)
    except Conflict as refusal:
        form.add_error("text", str(refusal))
        return _show(request, found, form, status=CONFLICT)
    messages.success(request, _("The note is kept."))
    return redirect("handover", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def next_handover(request: Request) -> HttpResponse:
    """Show what one hands over next, with a note that goes along."""
    if request.method != "POST":
        return _show_next(request)
    form = NextNoteForm(request.POST)
    if not form.is_valid():
        return _show_next(request, form, status=UNPROCESSABLE)
    try:
        made = actions.annotate_next(
            office=_office(request, form.cleaned_data["office"]),
            actor=request.user,
            text=form.cleaned_data["text"],
            shown_change_at=form.cleaned_data["change_at"],
            at=request.at,
        )
    except Conflict as refusal:
        form.add_error("text", str(refusal))
        return _show_next(request, form, status=CONFLICT)
    messages.success(request, _("The note is kept."))
    return redirect("handover", made.pk) if made else redirect("handover-next")


def _tabs(request: Request) -> tuple[list[Tab], QuerySet[Handover]]:
    """Return the lists that a person has, and the handovers of the one that was asked for."""
    user, asked = request.user, request.GET.get("list", "")
    received = Handover.objects.filter(receiver=user)
    lists = {
        "": (_("To accept"), received.filter(accepted_at=None)),
        "received": (_("Received"), received),
        "given": (_("Given"), Handover.objects.filter(giver=user)),
    }
    if user.role in READS_AN_OFFICE:
        lists["office"] = (_("All of the office"), visible_to(user))
    if asked not in lists:
        asked = ""
    waiting = lists[""][1].count()
    tabs = [
        Tab(
            label,
            reverse("handovers") + (f"?list={key}" if key else ""),
            current=key == asked,
            count=None if key else waiting,
        )
        for key, (label, _listed) in lists.items()
    ]
    return tabs, lists[asked][1]


def _narrowed(listed: QuerySet[Handover], form: HistoryForm, user: User) -> QuerySet[Handover]:
    person, day = form.cleaned_data["person"], form.cleaned_data["day"]
    if person:
        listed = listed.filter(Q(giver=person) | Q(receiver=person))
    return on_day(listed, day, user.timezone) if day else listed


def _show(
    request: Request, found: Handover, form: NoteForm | None = None, status: int = 200
) -> HttpResponse:
    user = request.user
    items = list(found.items.select_related("incident__customer"))
    may_note = user.pk == found.giver_id and found.accepted_at is None
    context = {
        "handover": found,
        "zone": zone_besides(user, found.office, found.at),
        "sections": sections_of(items, seen_of(found, user, request.at)),
        "may_accept": found.accepted_at is None and may_accept(user, found),
        "form": form or (NoteForm(initial={"text": found.note}) if may_note else None),
    }
    return render(request, "tam/handover/handover.html", context, status=status)


def _show_next(
    request: Request, sent: NextNoteForm | None = None, status: int = 200
) -> HttpResponse:
    """Show each office that the person leaves; a form that was sent stands in its own."""
    offices: dict[Office, list[Coming]] = {}
    for each in coming(request.user, request.at):
        offices.setdefault(each.office, []).append(each)
    notes = {
        note.office_id: note
        for note in HandoverNote.objects.filter(giver=request.user, office__in=offices)
    }
    leaving = [
        Leaving(
            office,
            sent
            if sent and sent.data.get("office") == str(office.pk)
            else _note_form(office, changes, notes.get(office.pk)),
            notes[office.pk].noted_at if office.pk in notes else None,
            zone_besides(request.user, office, request.at),
            [Preview(each, _previewed(each, request)) for each in changes],
        )
        for office, changes in offices.items()
    ]
    return render(request, "tam/handover/next.html", {"leaving": leaving}, status=status)


def _note_form(office: Office, changes: list[Coming], note: HandoverNote | None) -> NextNoteForm:
    at = changes[0].at
    initial = {
        "text": note.text if note else "",
        "office": office.pk,
        "change_at": at.strftime("%Y-%m-%dT%H:%M:%S%z") if at else "",
    }
    return NextNoteForm(initial=initial, auto_id=f"id_{office.pk}_%s")


def _previewed(each: Coming, request: Request) -> list[Section]:
    items = summarise(each.passing, request.at)
    return sections_of(items, {item.incident_id for item in items})


def _office(request: Request, pk: int) -> Office:
    """Return an office at which the person is or was responsible, else raise `NotFound`."""
    theirs = Q(pk=request.user.office_id) | Q(shifts__person=request.user)
    theirs |= Q(certificates__tam=request.user) | Q(certificates__deputy=request.user)
    office = Office.objects.filter(theirs, pk=pk).first()
    if office is None:
        raise NotFound(_("There is no such office."))
    return office
