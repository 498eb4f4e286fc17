"""What is done to a person's ways of proving who they are, other than by themself."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import NotAllowed
from accounts.models import BoundIdentity, Role, SecondFactor, User
from accounts.signing_in.sessions import end_sessions
from msa.outbox.actions import publish


@transaction.atomic
def reset_factors(*, person: User, actor: User, at: datetime) -> int:
    """Remove all second factors of a person and end their sessions; return how many there were.

    For whoever has lost them; the person is written to.
    """
    _check(actor)
    locked = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    removed: int = SecondFactor.objects.filter(user=locked).delete()[0]
    end_sessions(person=locked)
    publish("people.factors_reset", {"person": locked.pk, "reset_by": actor.pk}, at=at)
    return removed


@transaction.atomic
def release_identity(*, identity: BoundIdentity, actor: User) -> None:
    """Unbind a person from the provider's subject; the next verified address binds them anew."""
    _check(actor)
    end_sessions(person=identity.user)
    identity.delete()


def _check(actor: User) -> None:
    if actor.role != Role.ADMINISTRATOR:
        raise NotAllowed(_("Only administrators change how others sign in."))
