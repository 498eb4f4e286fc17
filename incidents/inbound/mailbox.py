"""A mailbox that is read by IMAP: each mail is put away only when it is kept."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from incidents.inbound.parsing import MAIL_BYTES_MOST

TIMEOUT_SECONDS: Final = 20.0  # a server that is silent for longer is tried at the next look

# What can go wrong on the way; anything else is a fault of ours.
TROUBLE: Final = (OSError, IMAPClientError)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An open mailbox: the folder that mail comes to, and the one where it goes once kept."""

    client: IMAPClient

    def waiting(self) -> Sequence[int]:
        """Return the keys of the mails that are there, oldest first."""
        return sorted(self.client.search("UNDELETED"))

    def read(self, key: int) -> bytes | None:
        """Return a mail as it came, unread as before; None when somebody else has taken it.

        Of one that is larger than any mail, its beginning and one byte too many.
        """
        wanted = f"BODY.PEEK[]<0.{MAIL_BYTES_MOST + 1}>"
        found: dict[bytes, Any] = self.client.fetch([key], [wanted]).get(key, {})
        return next((raw for name, raw in found.items() if name.startswith(b"BODY[")), None)

    def put_away(self, key: int) -> None:
        """Move a mail to the folder of those that are kept."""
        if self.client.has_capability("MOVE"):
            self.client.move([key], settings.INBOUND_IMAP_TAKEN)
            return
        self.client.copy([key], settings.INBOUND_IMAP_TAKEN)
        self.client.delete_messages([key])
        if self.client.has_capability("UIDPLUS"):
            self.client.uid_expunge([key])


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """Sign in at the mailbox of the settings, and out at the end. Raises one of `TROUBLE`."""
    client = IMAPClient(
        settings.INBOUND_IMAP_HOST,
        port=settings.INBOUND_IMAP_PORT,
        ssl=settings.INBOUND_IMAP_TLS,
        timeout=TIMEOUT_SECONDS,
    )
    try:
        client.login(settings.INBOUND_IMAP_USER, settings.INBOUND_IMAP_PASSWORD)
        if not client.folder_exists(settings.INBOUND_IMAP_TAKEN):
            client.create_folder(settings.INBOUND_IMAP_TAKEN)
        client.select_folder(settings.INBOUND_IMAP_FOLDER)
        yield Mailbox(client)
        client.logout()
    finally:
        client.shutdown()
