"""A desk with very many incidents, made by a few statements; its journals are not chained."""

from datetime import datetime
from typing import Any, Final

from django.db import connection

from accounts.models import Certificate, Customer, Role, User
from incidents.models import Category

CUSTOMERS: Final = 200  # each with one certificate
OPEN_OF_TEN: Final = 3  # of ten incidents, three are open

_INCIDENTS: Final = """
insert into incidents_incident (
    reference, title, product_version, language, channel, severity, targets, state, closure,
    received_at, closed_at, customer_wrote_at, changed_at, queue_tier, queue_severity, queue_at,
    journal_length, journal_head, author_id, category_id, certificate_id, customer_id)
select
    'INC-2019-' || lpad(n::text, 6, '0'),
    (array['Scans stop', 'Console slow', 'Update fails', 'Agent crashes', 'Mail lost'])[1 + n %% 5]
        || ' after ' || (array['restart', 'upgrade', 'login', 'backup', 'rollout'])[1 + n / 5 %% 5]
        || ' on host ' || md5(n::text),
    '', 'en', 'portal', 1 + n %% 4, '{}',
    case when n %% 10 >= %(open)s then 'closed' when n %% 10 = 2 then 'awaiting_customer'
        when n %% 10 = 1 then 'in_progress' else 'received' end,
    case when n %% 10 >= %(open)s then 'solved' else '' end,
    moment,
    case when n %% 10 >= %(open)s then moment + interval '1 day' end,
    moment, moment,
    case when n %% 10 >= %(open)s then 4 when n %% 10 = 2 then 3 when n %% 10 = 1 then 2
        when n %% 100 = 0 then 0 else 1 end,
    case when n %% 10 = 1 then 1 + n %% 4 else 0 end,
    case when n %% 10 = 0 and n %% 100 <> 0
        then %(at)s + (n %% 86400 + 60) * interval '1 second' else moment end,
    1, '', (%(authors)s::bigint[])[1 + n %% %(agreements)s], %(category)s,
    (%(certificates)s::bigint[])[1 + n %% %(agreements)s],
    (%(customers)s::bigint[])[1 + n %% %(agreements)s]
from (
    select n, %(at)s - interval '30 days' + n * interval '20 seconds' as moment
    from generate_series(1, %(incidents)s) n
) numbers
"""

_JOURNAL: Final = """
insert into incidents_journalentry (
    number, at, recorded_at, kind, text_hash, data, previous_hash, hash, customer_id, incident_id)
select 1, received_at, received_at, 'filed', '', '{}', '', '', customer_id, id
from incidents_incident where journal_head = ''
"""

_CLOCKS: Final = """
insert into incidents_clock (
    kind, received_at, started_at, waits_for_call, promises, due_at, warning_percentages,
    warnings_due_at, warned_at, calendar, pauses, customer_id, incident_id, breached_at, met_at,
    ended_at)
select 'response', received_at, received_at, false, '[]',
    case when queue_tier <= 1 then queue_at else received_at + interval '1 hour' end,
    '{}', '{}', '{}', '', '[]', customer_id, id,
    case when queue_tier = 0 then queue_at end,
    case when queue_tier >= 2 then received_at end,
    case when queue_tier >= 2 then received_at end
from incidents_incident where journal_head = ''
"""


def fill(like: Certificate, *, incidents: int, at: datetime) -> None:
    """Add customers with certificates like one that is there, and incidents spread over them."""
    agreements = _agreements(like)
    authors = _authors(agreements)
    facts: dict[str, Any] = {
        "incidents": incidents,
        "open": OPEN_OF_TEN,
        "at": at,
        "authors": [author.pk for author in authors],
        "category": Category.objects.earliest("pk").pk,
        "certificates": [certificate.pk for certificate in agreements],
        "customers": [certificate.customer_id for certificate in agreements],
        "agreements": len(agreements),
    }
    with connection.cursor() as cursor:
        cursor.execute(_INCIDENTS, facts)
        cursor.execute(_JOURNAL)
        cursor.execute(_CLOCKS)


def _agreements(like: Certificate) -> list[Certificate]:
    customers = Customer.objects.bulk_create(
        Customer(name=f"Customer {number}", country="FR") for number in range(CUSTOMERS)
    )
    return Certificate.objects.bulk_create(
        Certificate(
            number=f"CROWD-{number}",
            customer=customer,
            programme_id=like.programme_id,
            office_id=like.office_id,
            valid_from=like.valid_from,
            valid_until=like.valid_until,
            contact_limit=like.contact_limit,
            tam_id=like.tam_id,
            deputy_id=like.deputy_id,
        )
        for number, customer in enumerate(customers)
    )


def _authors(agreements: list[Certificate]) -> list[User]:
    return User.objects.bulk_create(
        User(
            email=f"contact@{certificate.number.lower()}.example",
            name=f"Contact of {certificate.number}",
            role=Role.CONTACT,
            customer_id=certificate.customer_id,
        )
        for certificate in agreements
    )
