"""Following an incident: being told of it without having it (SPEC 18).

It is private, so no journal tells it.
"""

from django.db import transaction

from accounts.models import User
from incidents.models import Follower, Incident


@transaction.atomic
def follow(*, incident: Incident, actor: User) -> bool:
    """Be told of what happens from now on; return whether this is new."""
    _row, is_new = Follower.objects.get_or_create(
        incident=incident, user=actor, defaults={"customer_id": incident.customer_id}
    )
    return is_new


@transaction.atomic
def unfollow(*, incident: Incident, actor: User) -> bool:
    """Be told no more; return whether one was before."""
    deleted, _tables = Follower.objects.filter(incident=incident, user=actor).delete()
    return deleted > 0
