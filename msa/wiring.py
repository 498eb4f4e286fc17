"""Who is told of what: one table from topic to handlers.

A handler runs after the change is committed, once for each message, in a transaction of its own.
An event of an incident is a letter to the sides that have one for it; the first handler named
for a topic runs first.
"""

from collections.abc import Mapping, Sequence

import accounts.bounce_handlers
import accounts.handlers
import accounts.notifications
import accounts.obligation_handlers
import accounts.security_letters
import incidents.handlers
import tam.handlers
from incidents.actions.attachments import IMAGE_ATTACHED
from incidents.notifications import customer
from incidents.notifications import inbound as mail_letters
from msa.outbox.relay import Handler
from tam import notifications as vendor
from tam.letters import advice as advice_letters
from tam.letters import assignment as assignment_letters
from tam.letters import complaints as complaint_letters
from tam.letters import handover as handover_letters
from tam.letters import mentions as mention_letters
from tam.letters import obligations as obligation_letters
from tam.letters import paging as page_letters
from tam.letters import roster as roster_letters

# What changes something; a play that leaves no trace does without letters.
REACTIONS: Mapping[str, Sequence[Handler]] = {
    **accounts.handlers.REACTIONS,
    **accounts.obligation_handlers.REACTIONS,
    **accounts.bounce_handlers.REACTIONS,
    "office.calendar_revised": [incidents.handlers.on_calendar_revised],
    "certificate.hours_revised": [incidents.handlers.on_hours_revised],
    "incident.clock_breached": [tam.handlers.on_clock_breached],
    IMAGE_ATTACHED: [incidents.handlers.on_image_attached],
}

_LETTERS: Mapping[str, Sequence[Handler]] = {
    **accounts.notifications.LETTERS,
    **accounts.security_letters.LETTERS,
    **handover_letters.LETTERS,
    **advice_letters.LETTERS,
    **obligation_letters.LETTERS,
    **mention_letters.LETTERS,
    **assignment_letters.LETTERS,
    **complaint_letters.LETTERS,
    **roster_letters.LETTERS,
    **mail_letters.LETTERS,
    **{
        f"incident.{kind}": [
            *([customer.notify] if kind in customer.LETTERS else []),
            *([vendor.notify] if kind in vendor.LETTERS else []),
        ]
        for kind in {**customer.LETTERS, **vendor.LETTERS}
    },
}

HANDLERS: Mapping[str, Sequence[Handler]] = {
    topic: [
        *REACTIONS.get(topic, ()),
        *page_letters.PAGES.get(topic, ()),
        *_LETTERS.get(topic, ()),
    ]
    for topic in {**REACTIONS, **page_letters.PAGES, **_LETTERS}
}
