"""The log of a phone call: who rang, from when to when, and what was said (SPEC 17)."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Office, User
from incidents.access import MAY_FILE
from incidents.actions.calls import PhoneCall, knows_code, log_phone_call
from incidents.models import Incident
from incidents.queries.calls import worked_on_from
from incidents.states import Channel
from incidents.views.act_forms import InstantField, WordsForm
from incidents.views.request import Request

CODE_LENGTH = 20  # characters: a code of six digits, read out with blanks between


class CallForm(WordsForm):
    caller = forms.ModelChoiceField(
        label=gettext_lazy("Caller"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Choose …"),
    )
    code = forms.CharField(
        label=gettext_lazy("Call-in code"),
        required=False,
        max_length=CODE_LENGTH,
        help_text=gettext_lazy(
            "Ask the caller for it. Empty: the call is logged as from somebody not identified."
        ),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    called_at = InstantField(
        label=gettext_lazy("Start"),
        help_text=gettext_lazy("In your time zone, up to 24 hours back. Empty: now."),
    )
    ended_at = InstantField(label=gettext_lazy("End"), help_text=gettext_lazy("Empty: now."))
    qualified = forms.BooleanField(
        label=gettext_lazy("A qualified response was given in this call"), required=False
    )
    answered_at = InstantField(
        label=gettext_lazy("When the response was given"),
        help_text=gettext_lazy("Empty: at the end of the call."),
    )
    field_order = ["caller", "code", "called_at", "ended_at", "text", "qualified", "answered_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        callers: Any = self.fields["caller"]
        callers.queryset = User.objects.filter(
            contact_slots__certificate=self.incident.certificate_id
        ).order_by("name")
        self.fields["text"].label = _("Summary")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        caller, code = cleaned.get("caller"), cleaned.get("code", "")
        if caller and code and not knows_code(incident=self.incident, caller=caller, code=code):
            self.add_error(
                "code",
                _(
                    "This is not the code of %(name)s. Leave it out to log the call as from "
                    "somebody not identified."
                )
                % {"name": caller.name},
            )
        return cleaned

    def call(self, at: datetime) -> PhoneCall:
        """Return the call as it was entered; what was left empty is now, or the call's end."""
        ended_at = self._instant("ended_at") or at
        answered_at = self._instant("answered_at") or ended_at
        return PhoneCall(
            started_at=self._instant("called_at") or ended_at,
            ended_at=ended_at,
            answered_at=answered_at if self.cleaned_data["qualified"] else None,
            is_identified=bool(self.cleaned_data["code"]),
        )

    def _instant(self, name: str) -> datetime | None:
        """Return a time in UTC.

        A person types minutes: what was in the minute of reception came with or after it.
        """
        typed: datetime | None = self.cleaned_data[name]
        if typed is None:
            return None
        typed = typed.astimezone(UTC)
        received_at = self.incident.received_at
        in_that_minute = typed == received_at.replace(second=0)
        return received_at if in_that_minute else typed


def log_call(request: Request, incident: Incident, form: CallForm) -> object:
    """Log what the form says; who rang outside the line's hours is told when work begins."""
    call = form.call(request.at)
    logged = log_phone_call(
        incident=incident,
        actor=request.user,
        caller=form.cleaned_data["caller"],
        call=call,
        text=form.cleaned_data["text"],
        at=request.at,
    )
    begins_at = worked_on_from(incident, call.started_at)
    if begins_at is not None and begins_at > request.at:
        messages.info(request, _told_to_caller(begins_at, incident.certificate.office))
    return logged


def shown_with_form(request: Request, incident: Incident) -> dict[str, Any]:
    """Return what stands beside the form: when work begins, and where another is filed."""
    chosen = {"channel": Channel.PHONE, "certificate": incident.certificate_id}
    may_file = request.user.role in MAY_FILE
    return {
        "worked_on_from": worked_on_from(incident, request.at),
        "office": incident.certificate.office,
        "filing_url": f"{reverse('file')}?{urlencode(chosen)}" if may_file else "",
    }


def _told_to_caller(begins_at: datetime, office: Office) -> str:
    local = begins_at.astimezone(ZoneInfo(office.timezone))
    return _("Tell the caller: we work on it from %(day)s, %(time)s (%(office)s).") % {
        "day": date_format(local, "DATE_FORMAT"),
        "time": date_format(local, "H:i", use_l10n=False),
        "office": office.name,
    }
