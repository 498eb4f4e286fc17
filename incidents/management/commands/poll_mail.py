"""`manage.py poll_mail`: look into the mailbox once, as the beat does (docs/inbound-mail.md)."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from incidents.actions.polling import poll
from msa import clock


class Command(BaseCommand):
    help = "Fetches the mails that wait in the mailbox of the settings, and says how many."

    def handle(self, **_options: Any) -> None:
        if not settings.INBOUND_IMAP_HOST:
            raise CommandError("INBOUND_IMAP_HOST is not set: there is no mailbox to look into.")
        self.stdout.write(f"{poll(at=clock.now())} mails were kept.")
