"""Taking a form once, however often it is sent (HOUSE: a form sent twice is one act)."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from incidents.models import Submission


@transaction.atomic
def once(*, user: User, key: UUID, at: datetime, act: Callable[[], str]) -> str:
    """Perform `act`, which returns the address it led to; sent again, return that address.

    A second request with the same key waits for the first to commit, and acts itself when the
    first is undone. Whatever `act` raises leaves the key free.
    """
    taken, first = Submission.objects.get_or_create(user=user, key=key, defaults={"taken_at": at})
    if first:
        taken.result_url = act()
        taken.save(update_fields=["result_url"])
    return taken.result_url
