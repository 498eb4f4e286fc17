"""Links by which people choose a password: invitations, and forgotten passwords (SPEC 3, 4)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.http import base36_to_int
from django.utils.translation import gettext as _

from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import Role, User
from accounts.tenancy import set_scope
from msa.outbox.actions import publish

INVITATION_VALID: Final = timedelta(days=7)  # still good after a holiday of some days
RESET_VALID: Final = timedelta(hours=24)  # the person waits for it, but mail may be late by a night


class LinkTokens(PasswordResetTokenGenerator):
    """Tokens of one kind of link, as of an instant.

    Django's tokens: signed, and void once the password, the e-mail address or the last sign-in
    has changed. How long they are good for is ours.
    """

    valid_for: ClassVar[timedelta]

    def __init__(self, *, at: datetime) -> None:
        super().__init__()
        self.at = at

    def check_token(self, user: User | None, token: str | None) -> bool:
        if user is None or not token:
            return False
        try:
            issued = base36_to_int(token.partition("-")[0])
        except ValueError:
            return False
        age = self._num_seconds(self._now()) - issued
        return age <= self.valid_for.total_seconds() and any(
            constant_time_compare(self._make_token_with_timestamp(user, issued, secret), token)
            for secret in (self.secret, *self.secret_fallbacks)
        )

    def _now(self) -> datetime:
        return self.at.astimezone(UTC).replace(tzinfo=None)


class InvitationTokens(LinkTokens):
    key_salt = "accounts.actions.invitations.InvitationTokens"
    valid_for = INVITATION_VALID


class ResetTokens(LinkTokens):
    key_salt = "accounts.actions.invitations.ResetTokens"
    valid_for = RESET_VALID


@transaction.atomic
def invite(*, person: User, actor: User, at: datetime) -> None:
    """Have a person sent a link to choose their first password; the earlier links stay good.

    Who is named on a certificate for the first time is invited by that; this renews it.
    """
    if actor.role != Role.ADMINISTRATOR:
        raise NotAllowed(_("Only administrators invite people."))
    if person.has_usable_password():
        raise Refused(
            _("%(name)s has a password already, and can ask for a new one when signing in.")
            % {"name": person.name}
        )
    if not may_sign_in(person):
        raise Refused(
            _("%(name)s may not sign in: no certificate names them, or their account is closed.")
            % {"name": person.name}
        )
    publish("contacts.invited", {"person": person.pk, "invited_by": actor.pk}, at=at)


@transaction.atomic
def ask_for_link(*, email: str, at: datetime) -> None:
    """Have whoever has this address sent a link to choose a new password.

    The same is done for an unknown address, so that nobody learns from it who is known.
    """
    publish("people.password_forgotten", {"email": email.strip().lower()}, at=at)


@transaction.atomic
def choose_password(*, person: User, token: str, tokens: LinkTokens, password: str) -> User:
    """Set a password by a link that is good for it once; whoever comes second gets `Conflict`.

    The password is one that the form has judged.
    """
    locked = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if not tokens.check_token(locked, token) or not may_sign_in(locked):
        raise Conflict(_("This link is not valid any more."))
    locked.set_password(password)
    locked.save(update_fields=["password"])
    return locked


def may_sign_in(person: User) -> bool:
    """Whether a person who knows their password gets in: a contact must be named (SPEC 3)."""
    return person.is_active and (not person.is_contact or is_named(person))


def is_named(contact: User) -> bool:
    """Whether a certificate names a contact; asked in a scope of its own, before any is known."""
    with _glance(contact.customer_id or 0):
        return contact.contact_slots.exists()


@contextmanager
def _glance(customer: int) -> Iterator[None]:
    """Read in one customer's scope; it is gone afterwards, and whatever scope there was is back.

    Rolling a savepoint back is what restores the setting; nothing may be written in the block.
    """
    with transaction.atomic():
        set_scope(customers=[customer])
        yield
        transaction.set_rollback(True)
