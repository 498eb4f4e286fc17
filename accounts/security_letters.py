"""Letters on how a person signs in: each change is told to whom it protects (SPEC 18)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise as LazyText
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.letters import Letter, Row, send
from accounts.models import User
from msa.outbox.relay import Handler

_CHANGES: Final[Mapping[str, str | LazyText]] = {
    "app_added": gettext_lazy("An authenticator app is set up"),
    "app_removed": gettext_lazy("Your authenticator app is removed"),
    "bound": gettext_lazy("Your organisation's single sign-on is in use"),
    "codes": gettext_lazy("You have new recovery codes"),
    "passkey_added": gettext_lazy("A passkey is added"),
    "passkey_removed": gettext_lazy("A passkey is removed"),
    "password": gettext_lazy("Your password is changed"),
}


def on_changed(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell a person what they, or somebody in their place, has changed."""

    def write(_reader: User) -> Letter:
        return _letter(
            heading=str(_CHANGES[payload["what"]]),
            text=_(
                "If this was you, nothing is left to do. If it was not, choose a new password at "
                "once, and tell us."
            ),
            at=at,
        )

    _send(write, payload, f"sign-in-{payload['what']}", at)


def on_factors_reset(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell a person that an administrator has taken their second factors away."""

    def write(_reader: User) -> Letter:
        return _letter(
            heading=_("Your second factors are removed"),
            text=_(
                "An administrator of %(vendor)s has removed your authenticator app, passkeys and "
                "recovery codes, and ended your sessions. Sign in with your password and set them "
                "up anew. If you did not ask for it, tell us at once."
            )
            % {"vendor": settings.VENDOR_NAME},
            at=at,
        )

    _send(write, payload, "factors-reset", at)


LETTERS: Mapping[str, Sequence[Handler]] = {
    "people.sign_in_changed": [on_changed],
    "people.factors_reset": [on_factors_reset],
}


def _letter(*, heading: str, text: str, at: datetime) -> Letter:
    when = date_format(localtime(at), "DATETIME_FORMAT") + localtime(at).strftime(" %Z")
    return Letter(
        reference=_("Your account"),
        heading=heading,
        paragraphs=[text],
        button=_("Look at how you sign in"),
        path=reverse("mfa_index"),
        why=_("You get this mail because it concerns how you sign in."),
        rows=[Row(_("When"), [when])],
    )


def _send(write: Any, payload: Mapping[str, Any], event: str, at: datetime) -> None:
    person = User.objects.filter(pk=payload["person"], is_active=True)
    key = f"{event}-{payload['person']}-{at.isoformat()}"
    send(write, person, key=key, thread=f"signing-in-{payload['person']}", at=at)
