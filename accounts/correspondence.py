"""What the letters about contacts and passwords say; each is written in its reader's language."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.formats import date_format
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from accounts.actions.invitations import (
    INVITATION_VALID,
    RESET_VALID,
    InvitationTokens,
    ResetTokens,
)
from accounts.letters import Letter, Row
from accounts.models import CertificateVersion, ContactRequest, User
from accounts.printing.comparison import Change, changes

# A letter is read at a glance; the page that it leads to has the rest.
CHANGES_MOST: Final = 12

Write: TypeAlias = Callable[[User], Letter]


def issued(version: CertificateVersion, before: CertificateVersion) -> Write:
    """Tell a contact what a new version prints otherwise than the one before."""
    certificate = version.certificate

    def write(_reader: User) -> Letter:
        found = [
            change for part in changes(before.printed, version.printed) for change in part.changes
        ]
        return Letter(
            reference=certificate.number,
            heading=_("Version %(number)d of your certificate is issued") % _number(version),
            paragraphs=[_what_stands_below(len(found)), _stays_on_record(before)],
            rows=[*map(_changed, found[:CHANGES_MOST]), *_asked_by(version.requested_by)],
            button=_("Compare the two versions"),
            path=reverse(
                "certificate-comparison",
                args=[certificate.number, before.number, version.number],
            ),
            why=_why_contact(certificate.number),
        )

    return write


def removed(version: CertificateVersion) -> Write:
    """Tell somebody that they are no contact any more."""
    number = version.certificate.number

    def write(_reader: User) -> Letter:
        return Letter(
            reference=number,
            heading=_("You are no contact any more"),
            paragraphs=[
                _(
                    "Certificate %(certificate)s no longer names you, so you cannot ask for "
                    "support on it any more. What you wrote stays under your name."
                )
                % {"certificate": number},
                _("If no other certificate names you, you can no longer sign in."),
            ],
            rows=_asked_by(version.requested_by),
            button=_("Go to the support desk"),
            path=reverse("home"),
            why=_("You get this mail because certificate %(certificate)s named you as a contact.")
            % {"certificate": number},
        )

    return write


def asked(request: ContactRequest, *, deciding: bool) -> Write:
    """Tell an administrator, who decides, or the TAM that a change of contacts is asked for."""
    certificate = request.certificate
    words = {"name": request.requested_by.name, "certificate": certificate.number}

    def write(_reader: User) -> Letter:
        if deciding:
            lead = _("%(name)s asks for a change of contacts. Please approve or decline it.")
            button, why = (
                _("Decide on the request"),
                _("You get this mail because administrators decide on contacts."),
            )
            path = reverse("admin:accounts_contactrequest_change", args=[request.pk])
        else:
            lead = _("%(name)s asks for a change of contacts. An administrator decides on it.")
            button = _("See the contacts")
            why = _("You get this mail because you manage certificate %(certificate)s.") % words
            path = _contacts_page(certificate.number)
        return Letter(
            reference=certificate.number,
            heading=_("Change of contacts asked for"),
            paragraphs=[lead % words],
            rows=[*_asked_for(request), *_remark(request)],
            button=button,
            path=path,
            why=why,
        )

    return write


def address_asked(request: ContactRequest) -> Write:
    """Tell somebody, at their present address, that another is asked for."""

    def write(_reader: User) -> Letter:
        return Letter(
            reference=request.certificate.number,
            heading=_("A new e-mail address is asked for"),
            paragraphs=[
                _(
                    "Once an administrator approves it, you sign in with the new address, and all "
                    "mail goes there."
                ),
                _(
                    "If this is wrong, withdraw the request, or tell your technical account "
                    "manager at once."
                ),
            ],
            rows=[Row(_("New address"), [request.email]), *_asked_by(request.requested_by)],
            button=_("See the contacts"),
            path=_contacts_page(request.certificate.number),
            why=_("You get this mail because you sign in with this address."),
        )

    return write


def declined(request: ContactRequest) -> Write:
    def write(_reader: User) -> Letter:
        return _answer(
            request,
            heading=_("Change of contacts declined"),
            lead=_("The change of contacts that you asked for is declined."),
            rows=[Row(_("Reason"), request.reason.splitlines())],
        )

    return write


def withdrawn(request: ContactRequest) -> Write:
    def write(_reader: User) -> Letter:
        by = request.decided_by.name if request.decided_by else ""
        return _answer(
            request,
            heading=_("Change of contacts withdrawn"),
            lead=_("%(name)s has withdrawn the change of contacts that you asked for.")
            % {"name": by},
        )

    return write


def approved(request: ContactRequest) -> Write:
    def write(_reader: User) -> Letter:
        return _answer(
            request,
            heading=_("Change of contacts approved"),
            lead=_(
                "The change of contacts that you asked for is made. The certificate prints nothing "
                "of it, so its version stays."
            ),
        )

    return write


def invitation(inviter: User | None, certificates: Sequence[str], at: datetime) -> Write:
    """Invite somebody to choose their first password; `at` is when the link begins to be good."""

    def write(reader: User) -> Letter:
        return Letter(
            reference=", ".join(certificates) or _("Your account"),
            heading=_("You are invited to the support desk"),
            paragraphs=[
                _lead(reader, inviter),
                _("Choose a password to sign in. The link is good once, until %(until)s.")
                % {"until": _until(at + INVITATION_VALID)},
            ],
            rows=[
                *([Row(_("Certificate"), list(certificates))] if certificates else []),
                *([Row(_("Invited by"), [inviter.name])] if inviter else []),
                Row(_("You sign in with"), [reader.email]),
            ],
            button=_("Choose a password"),
            path=_link("invitation", reader, InvitationTokens(at=at).make_token(reader)),
            why=_("You get this mail because you have been named. Without you nothing happens."),
        )

    return write


def forgotten_password(at: datetime) -> Write:
    """Send the link to choose a new password; `at` is when it was asked for."""

    def write(reader: User) -> Letter:
        return Letter(
            reference=_("Your account"),
            heading=_("Choose a new password"),
            paragraphs=[
                _("Somebody, probably you, has asked for a new password for this address."),
                _("The link is good once, until %(until)s. Until then your old password stays.")
                % {"until": _until(at + RESET_VALID)},
                _("If it was not you, leave this mail: nothing changes."),
            ],
            rows=[Row(_("You sign in with"), [reader.email])],
            button=_("Choose a new password"),
            path=_link("password_reset_confirm", reader, ResetTokens(at=at).make_token(reader)),
            why=_("You get this mail because a new password was asked for on our sign-in page."),
        )

    return write


def address_changed(present: str) -> Write:
    """Tell somebody, at their former address, which one has replaced it."""

    def write(_reader: User) -> Letter:
        return Letter(
            reference=_("Your account"),
            heading=_("Your e-mail address is changed"),
            paragraphs=[
                _("From now on you sign in with the new address, and all mail goes there."),
                _("If this is wrong, please tell your technical account manager at once."),
            ],
            rows=[Row(_("New address"), [present])],
            button=_("Go to the support desk"),
            path=reverse("home"),
            why=_("You get this mail because you signed in with this address so far."),
        )

    return write


def _lead(reader: User, inviter: User | None) -> str:
    if not reader.is_contact:
        return _("An account is made for you.")
    if inviter is None or not inviter.is_contact:
        return _("You are named as a contact.")
    return _("%(name)s has asked for you to be named as a contact, and you are.") % {
        "name": inviter.name
    }


def _answer(
    request: ContactRequest, *, heading: str, lead: str, rows: Sequence[Row] = ()
) -> Letter:
    return Letter(
        reference=request.certificate.number,
        heading=heading,
        paragraphs=[lead],
        rows=[*_asked_for(request), *rows],
        button=_("See the contacts"),
        path=_contacts_page(request.certificate.number),
        why=_("You get this mail because you asked for this change."),
    )


def _what_stands_below(count: int) -> str:
    if count > CHANGES_MOST:
        return _("The first of its changes stand below.")
    return _("What has changed stands below.")


def _stays_on_record(before: CertificateVersion) -> str:
    return _("Version %(number)d stays on record.") % _number(before)


def _changed(change: Change) -> Row:
    if not change.before or not change.after:
        return Row(change.what, [change.after or change.before])
    return Row(change.what, [change.after, _("Before: %(text)s") % {"text": change.before}])


def _asked_for(request: ContactRequest) -> list[Row]:
    new = [request.name, request.email, request.phone, request.mobile]
    rows = [Row(_("Change"), [request.get_kind_display()])]
    if request.person is not None:
        rows.append(Row(_("Whom it concerns"), [request.person.name]))
    if any(new):
        rows.append(Row(_("To be named so"), [line for line in new if line]))
    return rows


def _remark(request: ContactRequest) -> list[Row]:
    return [Row(_("Remark"), request.note.splitlines())] if request.note else []


def _asked_by(person: User | None) -> list[Row]:
    return [Row(_("Asked for by"), [person.name])] if person is not None else []


def _number(version: CertificateVersion) -> dict[str, int]:
    return {"number": version.number}


def _contacts_page(number: str) -> str:
    return reverse("certificate-contacts", args=[number])


def _why_contact(number: str) -> str:
    return _("You get this mail because you are a contact of certificate %(certificate)s.") % {
        "certificate": number
    }


def _until(at: datetime) -> str:
    """Write an instant in the reader's zone, which is named; hours run to 24."""
    local = timezone.localtime(at)
    hours = date_format(local, "H:i", use_l10n=False)
    return f"{date_format(local, 'DATE_FORMAT')} {hours} {local.tzname()}"


def _link(name: str, person: User, token: str) -> str:
    return reverse(name, args=[urlsafe_base64_encode(force_bytes(person.pk)), token])
