"""Requests for a change of contacts: what would change, and the decision (SPEC 3)."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Case, DateTimeField, F, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.actions.contact_rules import (
    DETAILS,
    LEAVING,
    NAMING,
    Kind,
    changed_details,
    check_possible,
)
from accounts.actions.contacts import approve_request, decline_request
from accounts.admin.base import ReadOnlyAdmin, administrator, reception
from accounts.errors import Refused
from accounts.models import ContactRequest, User

WAITING: Final = ContactRequest.State.WAITING
REASON_LENGTH: Final = 2_000  # characters: a reason, not a correspondence
UNPROCESSABLE: Final = 422

Line = tuple[str, str, str]  # what, before, after


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=gettext_lazy(
            "Whoever asked reads it, in a mail and on the page of the contacts."
        ),
        error_messages={"required": gettext_lazy("Please give a reason; whoever asked reads it.")},
    )


@admin.register(ContactRequest)
class ContactRequestAdmin(ReadOnlyAdmin):
    """Waiting ones first, the oldest on top; a decision is made on a request's own page."""

    list_display = (
        "kind",
        "concerned",
        "state",
        "certificate",
        "customer",
        "requested_by",
        "requested_at",
        "decided_by",
    )
    list_select_related = ("certificate", "customer", "person", "requested_by", "decided_by")
    list_filter = ("state", "kind", ("customer", admin.RelatedOnlyFieldListFilter))
    search_fields = (
        "certificate__number",
        "customer__name",
        "name",
        "email",
        "person__name",
        "person__email",
        "requested_by__name",
    )
    date_hierarchy = "requested_at"
    ordering = (
        Case(When(state=WAITING, then=Value(0)), default=Value(1)).asc(),
        Case(When(state=WAITING, then=F("requested_at")), output_field=DateTimeField()).asc(),
        "-requested_at",
        "-pk",
    )
    change_form_template = "admin/accounts/contactrequest/decide.html"

    def get_urls(self) -> list[URLPattern]:
        decisions = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"accounts_contactrequest_{name}",
            )
            for name, view in (("approve", self.approve_view), ("decline", self.decline_view))
        ]
        return decisions + super().get_urls()

    @admin.display(description=gettext_lazy("whom it concerns"))
    def concerned(self, request: ContactRequest) -> str:
        newcomer = request.name if request.kind in NAMING else ""
        leaving = request.person.name if request.person else ""
        return " → ".join(filter(None, (leaving, newcomer)))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 (Django's signature)
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        asked = self._asked(request, object_id)
        if request.method == "POST":
            return redirect("admin:accounts_contactrequest_change", asked.pk)
        return self._page(request, asked, ReasonForm())

    def approve_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        asked = self._asked(request, object_id)
        try:
            version = approve_request(
                request=asked, actor=administrator(request), at=reception(request)
            )
        except Refused as refusal:
            self.message_user(
                request, _("Not approved: %(why)s") % {"why": refusal}, messages.ERROR
            )
            return redirect("admin:accounts_contactrequest_change", asked.pk)
        self.log_change(request, asked, _("Approved."))
        people = [asked.person.name] if asked.person else []
        said = _("Contacts changed: %(change)s (%(person)s), asked for by %(name)s.") % {
            "change": asked.get_kind_display(),
            "person": ", ".join([*people, *filter(None, [asked.name])]),
            "name": asked.requested_by.name,
        }
        if version is not None:
            said += " " + _("Version %(number)d is issued.") % {"number": version.number}
        self.log_change(request, asked.certificate, said)
        text = _("Approved. Nothing that the certificate prints has changed.")
        if version is not None:
            text = _("Approved. Version %(number)d of %(certificate)s is issued.") % {
                "number": version.number,
                "certificate": asked.certificate.number,
            }
        self.message_user(request, text, messages.SUCCESS)
        return redirect("admin:accounts_contactrequest_changelist")

    def decline_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        asked = self._asked(request, object_id)
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self._page(request, asked, form, status=UNPROCESSABLE)
        reason = form.cleaned_data["reason"]
        try:
            decline_request(
                request=asked, reason=reason, actor=administrator(request), at=reception(request)
            )
        except Refused as refusal:
            form.add_error("reason" if refusal.field == "reason" else None, str(refusal))
            return self._page(request, self._asked(request, object_id), form, status=UNPROCESSABLE)
        self.log_change(request, asked, _("Declined: %(reason)s") % {"reason": reason})
        text = _("Declined. %(name)s is told the reason.") % {"name": asked.requested_by.name}
        self.message_user(request, text, messages.SUCCESS)
        return redirect("admin:accounts_contactrequest_changelist")

    def _asked(self, request: HttpRequest, object_id: str) -> ContactRequest:
        found = self.get_object(request, unquote(object_id))
        if found is None:
            raise Http404(_("There is no such request."))
        asked: ContactRequest = found
        return asked

    def _page(
        self, request: HttpRequest, asked: ContactRequest, form: ReasonForm, *, status: int = 200
    ) -> HttpResponse:
        obstacle = self._obstacle(request, asked) if asked.is_waiting else ""
        context = {
            **self.admin_site.each_context(request),
            "title": str(asked),
            "opts": self.opts,
            "asked": asked,
            "form": form,
            "lines": changed_lines(asked) if asked.is_waiting else asked_lines(asked),
            "obstacle": obstacle,
            "consequences": consequences(asked) if asked.is_waiting and not obstacle else [],
            "certificate_url": reverse(
                "admin:accounts_certificate_change", args=[asked.certificate_id]
            ),
        }
        return TemplateResponse(request, self.change_form_template, context, status=status)

    def _obstacle(self, request: HttpRequest, asked: ContactRequest) -> str:
        try:
            check_possible(request=asked, certificate=asked.certificate, at=reception(request))
        except Refused as refusal:
            return str(refusal)
        return ""


def changed_lines(asked: ContactRequest) -> list[Line]:
    """Return what approving would change, as it stands now."""
    if asked.kind == Kind.CORRECT:
        changed = changed_details(asked)
        return [
            (_label(field), _shown(asked.person, field), _shown(asked, field)) for field in changed
        ]
    return _people_lines(asked, _on_record(asked))


def asked_lines(asked: ContactRequest) -> list[Line]:
    """Return what was asked for; what it replaced is in the versions."""
    if asked.kind == Kind.CORRECT:
        return [(_label(field), "", _shown(asked, field)) for field in DETAILS]
    return _people_lines(asked, None)


def consequences(asked: ContactRequest) -> Sequence[str]:
    """Return what else approving does, in sentences."""
    found = []
    person = asked.person
    elsewhere = (
        list(
            person.contact_slots.exclude(certificate=asked.certificate_id)
            .order_by("certificate__number")
            .values_list("certificate__number", flat=True)
        )
        if person
        else []
    )
    words = {"name": person.name if person else "", "certificates": ", ".join(elsewhere)}
    if asked.kind in LEAVING:
        found.append(
            _("%(name)s loses this certificate at the next request, and keeps %(certificates)s.")
            % words
            if elsewhere
            else _("%(name)s can no longer sign in: no other certificate names them.") % words
        )
    if asked.kind == Kind.CORRECT and elsewhere:
        found.append(_("A new version is issued of %(certificates)s, too.") % words)
    if asked.kind == Kind.CORRECT and "email" in changed_details(asked):
        found.append(_new_address(asked, elsewhere))
    if asked.kind in NAMING:
        found.append(_newcomer(asked, _on_record(asked)))
    return found


def _new_address(asked: ContactRequest, elsewhere: Sequence[str]) -> str:
    return _(
        "%(name)s signs in with the new address; whoever reads that mailbox gets %(certificates)s."
    ) % {
        "name": asked.person.name if asked.person else "",
        "certificates": ", ".join(sorted([asked.certificate.number, *elsewhere])),
    }


def _newcomer(asked: ContactRequest, known: User | None) -> str:
    if known is None:
        return _("%(name)s is entered, and invited by mail to choose a password.") % {
            "name": asked.name
        }
    if not known.has_usable_password():
        return _("%(name)s is on record, and is invited by mail to choose a password.") % {
            "name": known.name
        }
    return _("%(name)s is on record; their details stay as they are.") % {"name": known.name}


def _people_lines(asked: ContactRequest, known: User | None) -> list[Line]:
    before = _person_text(asked.person) if asked.person else ""
    after = _person_text(known or asked) if asked.kind in NAMING else ""
    return [(_("Contact"), before, after)]


def _on_record(asked: ContactRequest) -> User | None:
    return User.objects.filter(email=asked.email).select_related("customer").first()


def _person_text(person: User | ContactRequest) -> str:
    return ", ".join(filter(None, (person.name, person.email, person.phone, person.mobile)))


def _label(field: str) -> str:
    return {
        "name": _("Name"),
        "email": _("E-mail"),
        "phone": _("Phone"),
        "mobile": _("Mobile"),
        "language": _("Language"),
    }[field]


def _shown(holder: Any, field: str) -> str:
    return str(holder.get_language_display() if field == "language" else getattr(holder, field))
