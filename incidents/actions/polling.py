"""Fetching mail from a mailbox (SPEC 17): kept before it is put away, and taken once."""

import logging
from datetime import datetime
from typing import Final

from django.conf import settings

from incidents.actions import inbound
from incidents.inbound.mailbox import TROUBLE, Mailbox, open_mailbox

logger = logging.getLogger(__name__)

# Mails fetched in a run: below a task's time limit at a second each. The rest waits a minute.
RUN_LIMIT: Final = 40


def poll(*, at: datetime) -> int:
    """Keep the mails that wait in the mailbox, then judge them; return how many were kept.

    Trouble with the connection is logged, and what is left is found the next time. Without a
    mailbox in the settings there is nothing to do. Must not be called inside a transaction.
    """
    if not settings.INBOUND_IMAP_HOST:
        return 0
    kept: list[int] = []
    try:
        with open_mailbox() as mailbox:
            for key in mailbox.waiting()[:RUN_LIMIT]:
                kept.extend(_keep(mailbox, key, at))
    except TROUBLE as error:
        logger.warning("The mailbox could not be read: %s", error)
    for pk in kept:
        inbound.take(pk=pk, at=at)
    return len(kept)


def _keep(mailbox: Mailbox, key: int, at: datetime) -> list[int]:
    """Keep a mail and put it away; return its row's key, none for what another has taken."""
    raw = mailbox.read(key)
    if raw is None:
        return []
    kept: list[int] = []
    try:
        kept.append(inbound.keep(raw=raw, at=at).pk)
    except inbound.TooLarge:
        logger.warning("A mail of the mailbox is too large; its beginning is in quarantine.")
    mailbox.put_away(key)
    return kept
