"""In how many minutes an office has escalations acknowledged."""

from datetime import datetime

from django.db import transaction

from accounts.models import FormerAcknowledgement, Office


@transaction.atomic
def keep_former_minutes(*, office: Office, at: datetime) -> FormerAcknowledgement | None:
    """Keep what is stored as set until `at`, if the office is about to be saved with another.

    Returns None where nothing was stored, or the same.
    """
    stored = Office.objects.select_for_update(no_key=True).filter(pk=office.pk).first()
    if stored is None or stored.acknowledge_minutes == office.acknowledge_minutes:
        return None
    return FormerAcknowledgement.objects.create(
        office=stored, until=at, minutes=stored.acknowledge_minutes
    )
