"""`manage.py receive_mail`: one mail from a mail server's pipe (SPEC 17, docs/inbound-mail.md)."""

import logging
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from incidents.actions import inbound
from incidents.inbound.parsing import MAIL_BYTES_MOST
from msa import clock

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Reads one mail from standard input and keeps it. Ends with 0 when it is kept, with 75 "
        "when it cannot be now, so that the mail server tries again, and with 77 when it is too "
        "large."
    )
    requires_system_checks = ()  # a mail is not turned away for what they would find

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--recipient", default="", help="whom the mail server has it for (${recipient})"
        )

    def handle(self, *, recipient: str, **_options: Any) -> None:
        at = clock.now()
        try:
            raw = sys.stdin.buffer.read(MAIL_BYTES_MOST + 1)
            kept = inbound.keep(raw=raw, at=at, recipient=recipient)
        except inbound.TooLarge as error:
            self.stderr.write(str(error))
            sys.exit(os.EX_NOPERM)
        except Exception:  # the mail server keeps what we could not
            logger.exception("A mail could not be kept.")
            sys.exit(os.EX_TEMPFAIL)
        inbound.take(pk=kept.pk, at=at)
