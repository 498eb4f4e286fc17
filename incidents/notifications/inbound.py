"""Answers to mail that could not be taken (SPEC 17), each at most once a day to an address."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.letters import Letter, send
from accounts.models import NoticeKind, User
from msa.outbox.mail import one_line, queue_email
from msa.outbox.relay import Handler

_SUBJECT_LENGTH: Final = 120  # of what is answered: our own words come first


def answer_sender(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell somebody whose mail was not taken how to proceed."""
    with translation.override(payload["language"]):
        letter = _how_to_proceed(one_line(payload["subject"], _SUBJECT_LENGTH))
        subject = letter.heading
        context = {
            "letter": letter,
            "subject": subject,
            "url": settings.BASE_URL + letter.path,
            "why": letter.why,
            "urgent": False,
            "language": payload["language"],
            "vendor_name": settings.VENDOR_NAME,
        }
        text = render_to_string("email/letter.txt", context)
        html = render_to_string("email/letter.html", context)
    queue_email(
        dedupe_key=f"mail-answered-{payload['mail']}",
        to_address=payload["address"],
        language=payload["language"],
        subject=subject,
        text=text,
        html=html,
        in_reply_to=payload["message_id"],
        references=[payload["message_id"]] if payload["message_id"] else [],
        at=at,
    )


def ask_person(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Ask a person through the portal about a mail in their name that nothing shows to be theirs.

    What it says is not repeated: it may be anybody's words.
    """
    send(
        _is_it_yours,
        [User.objects.get(pk=payload["user"])],
        key=f"mail-unverified-{payload['mail']}",
        thread=f"mail-unverified-{payload['user']}",
        kind=NoticeKind.OUR_MOVE,
        at=at,
    )


LETTERS: Final[Mapping[str, Sequence[Handler]]] = {
    "mail.to_answer": [answer_sender],
    "mail.unverified": [ask_person],
}


def _how_to_proceed(subject: str) -> Letter:
    return Letter(
        reference=settings.VENDOR_NAME,
        heading=_("Your mail was not taken as a request"),
        paragraphs=[
            _("Your mail “%(subject)s” has reached us, and nobody works on it.")
            % {"subject": subject or "…"},
            _(
                "Support is for the contacts that a maintenance agreement names. If you are one, "
                "please sign in and file an incident or answer there."
            ),
            _(
                "Only when the portal cannot be reached: write from the address that we know of "
                "you, with a line such as “Severity: 2”. Or ring the number on your certificate."
            ),
        ],
        button=_("Go to the support desk"),
        path=reverse("home"),
        why=_("This is an automatic answer. You get one a day at the most."),
    )


def _is_it_yours(_reader: User) -> Letter:
    return Letter(
        reference=settings.VENDOR_NAME,
        heading=_("A mail in your name could not be verified"),
        paragraphs=[
            _(
                "A mail came in your name, and nothing shows that you wrote it. We have kept it "
                "and done nothing."
            ),
            _(
                "If it was yours, please sign in and say there what you wrote; that is safe and "
                "quick. If it was not, there is nothing to do for you."
            ),
        ],
        button=_("Go to the support desk"),
        path=reverse("home"),
        why=_("You get this mail because somebody wrote to us under your address."),
    )
