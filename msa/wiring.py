"""Who is told of what: one table from topic to handlers.

A handler runs after the change is committed, once for each message, in a transaction of its own.
An event of an incident is a letter to the sides that have one for it; the first handler named
for a topic runs first.
"""

from collections.abc import Mapping, Sequence

import accounts.handlers
import accounts.notifications
import incidents.handlers
import tam.handlers
from incidents.notifications import customer
from msa.outbox.relay import Handler
from tam import notifications as vendor

# What changes something; a play that leaves no trace does without letters.
REACTIONS: Mapping[str, Sequence[Handler]] = {
    **accounts.handlers.REACTIONS,
    "office.calendar_revised": [incidents.handlers.on_calendar_revised],
    "certificate.hours_revised": [incidents.handlers.on_hours_revised],
    "incident.clock_breached": [tam.handlers.on_clock_breached],
}

_LETTERS: Mapping[str, Sequence[Handler]] = {
    **accounts.notifications.LETTERS,
    **{
        f"incident.{kind}": [
            *([customer.notify] if kind in customer.LETTERS else []),
            *([vendor.notify] if kind in vendor.LETTERS else []),
        ]
        for kind in {**customer.LETTERS, **vendor.LETTERS}
    },
}

HANDLERS: Mapping[str, Sequence[Handler]] = {
    topic: [*REACTIONS.get(topic, ()), *_LETTERS.get(topic, ())]
    for topic in {**REACTIONS, **_LETTERS}
}
