"""Who is told of what: one table from topic to handlers.

A handler runs after the change is committed, once for each message, in a transaction of its own.
"""

from collections.abc import Mapping, Sequence

import incidents.handlers
import tam.handlers
from msa.outbox.relay import Handler

HANDLERS: Mapping[str, Sequence[Handler]] = {
    "office.calendar_revised": [incidents.handlers.on_calendar_revised],
    "incident.clock_breached": [tam.handlers.on_clock_breached],
}
