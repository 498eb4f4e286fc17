"""Reading an incident in several statements as if in one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

from incidents.models import Incident

# An act takes `for no key update` first of all, and so waits for this, and this for an act.
_LOCK: Final = "select 1 from incidents_incident where id = %s for share"

_FIELDS: Final = Incident._meta.concrete_fields  # noqa: SLF001 (Django's documented API)
_FACTS: Final = [field.attname for field in _FIELDS if not field.is_relation]


@contextmanager
def held_steady(incident: Incident) -> Iterator[None]:
    """Bring the incident up to date, and let nobody act on it while the block reads.

    Nothing that the block writes would stay: its savepoint is rolled back, which gives the lock
    back at once, so that nobody waits for a page or a PDF that is made of what was read.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [incident.pk])
        facts = Incident.objects.filter(pk=incident.pk).values(*_FACTS).get()
        vars(incident).update(facts)  # past the state's guard, which is for acts
        yield
        transaction.set_rollback(True)
