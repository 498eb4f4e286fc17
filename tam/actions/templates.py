"""Reply templates: writing them, and putting one into an incident (SPEC 17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from accounts.models import Role, User
from incidents.models import Incident
from tam.models import ReplyTemplate
from tam.placeholders import Subject, fill, refuse_unknown

EDITS_SHARED: Final = frozenset({Role.TAM, Role.TEAM_HEAD, Role.ADMINISTRATOR})
ENDS_SHARING: Final = frozenset({Role.TEAM_HEAD, Role.ADMINISTRATOR})
FALLBACK_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True)
class Filled:
    """A template's text about an incident, and in which language it was to be had."""

    text: str
    language: str
    wanted: str

    @property
    def note(self) -> str:
        """Say so when the customer's language was not to be had."""
        if self.language == self.wanted:
            return ""
        names = {code: _(str(name)) for code, name in settings.LANGUAGES}
        return _(
            "This template has no text in the customer's language (%(wanted)s): %(found)s instead."
        ) % {
            "wanted": names[self.wanted],
            "found": names[self.language],
        }


def templates_for(user: User) -> QuerySet[ReplyTemplate]:
    """Return a person's own templates and those shared in their office, or everywhere, by name."""
    if user.is_contact:
        return ReplyTemplate.objects.none()
    shared = Q(owner=None)
    if user.role != Role.ADMINISTRATOR:
        shared &= Q(office=None) | Q(office=user.office_id)
    found = ReplyTemplate.objects.filter(Q(owner=user) | shared)
    return found.select_related("office", "changed_by").order_by("name", "id")


def get_template(user: User, pk: int) -> ReplyTemplate:
    """Return a template that a person may use. Raises `NotFound` for others'."""
    template = templates_for(user).filter(pk=pk).first()
    if template is None:
        raise NotFound(_("There is no such template."))
    return template


def may_edit(user: User, template: ReplyTemplate) -> bool:
    """Whether a person may change a template they see: their own, or a shared one of their office.

    What is shared with every office is the administrators'.
    """
    if template.owner_id is not None:
        return template.owner_id == user.pk
    if user.role == Role.ADMINISTRATOR:
        return True
    return user.role in EDITS_SHARED and template.office_id == user.office_id is not None


def may_share(user: User) -> bool:
    return user.role in EDITS_SHARED


def may_end_sharing(user: User, template: ReplyTemplate) -> bool:
    """Whether who may change a shared template may also make it their own: others lose it."""
    return user.role in ENDS_SHARING or template.changed_by_id == user.pk


@transaction.atomic
def save_template(
    *,
    template: ReplyTemplate,
    actor: User,
    name: str,
    kind: str,
    texts: Mapping[str, str],
    shared: bool,
    at: datetime,
    unchanged_since: datetime | None = None,
) -> ReplyTemplate:
    """Write a new template, or change one; shared, it is the actor's office's.

    Raises `Refused` for unknown placeholders, for a template without a text, and for one that is
    not the actor's to share no more, `Conflict` when somebody has changed it since
    `unchanged_since`.
    """
    if template.pk:
        template = _locked(template, actor, unchanged_since)
    if shared and not may_share(actor):
        raise NotAllowed(_("Templates are shared by account managers and team heads."))
    was_shared = bool(template.pk) and template.owner_id is None
    if was_shared and not shared and not may_end_sharing(actor, template):
        raise Refused(
            _("Only the head of the team, or who wrote it last, can stop sharing it."),
            field="shared",
        )
    kept = {code: text for code, text in texts.items() if text.strip()}
    if not kept:
        raise Refused(_("Write the text in at least one language."), field="name")
    for code, text in kept.items():
        try:
            refuse_unknown(text)
        except Refused as refusal:
            raise Refused(str(refusal), field=f"text-{code}") from refusal
    if not (shared and was_shared):
        template.owner = None if shared else actor
        template.office_id = actor.office_id if shared else None
    template.name, template.kind, template.texts = name, kind, kept
    template.changed_at, template.changed_by = at, actor
    template.save()
    return template


@transaction.atomic
def delete_template(*, template: ReplyTemplate, actor: User) -> None:
    """Delete a template; deleted already, it stays so."""
    if ReplyTemplate.objects.filter(pk=template.pk).exists():
        _locked(template, actor, None).delete()


def fill_template(
    *, template: ReplyTemplate, incident: Incident, me: User, due_at: datetime | None
) -> Filled:
    """Return a template's text about an incident, in its language if there is one (else English).

    Raises `Refused` for a placeholder that is unknown, or that the incident has nothing for.
    """
    texts = template.texts
    candidates = (incident.language, FALLBACK_LANGUAGE, *texts)
    language = next(code for code in candidates if code in texts)
    text = fill(texts[language], Subject(incident, me, due_at), language)
    return Filled(text, language, incident.language)


def _locked(
    template: ReplyTemplate, actor: User, unchanged_since: datetime | None
) -> ReplyTemplate:
    found = ReplyTemplate.objects.select_for_update().filter(pk=template.pk).first()
    if found is None:
        raise Conflict(_("This template has been deleted in the meantime."))
    if not may_edit(actor, found):
        raise NotAllowed(_("You can use this template, but you may not change it."))
    if unchanged_since is not None and found.changed_at != unchanged_since:
        name = found.changed_by.name if found.changed_by else settings.VENDOR_NAME
        raise Conflict(
            _("%(name)s has changed this template in the meantime. Save again to replace that.")
            % {"name": name}
        )
    return found
