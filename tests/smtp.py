"""A mail server on loopback that speaks real SMTP and behaves as it is told."""

# ruff: noqa: N802, ARG002 - aiosmtpd decides what its hooks are called and given
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

ACCEPTED = "250 OK"


@dataclass
class MailServer:
    """What it answers, as SMTP lines such as `550 Unknown`, and what it has accepted.

    An answer in `to` is for that recipient only. `hang_seconds` pass before a sender is answered,
    and with `hangs_up` the connection ends without a word when a mail was handed over.
    """

    host: str = "127.0.0.1"
    port: int = 0
    sender: str = ACCEPTED
    recipient: str = ACCEPTED
    to: dict[str, str] = field(default_factory=dict)
    data: str = ACCEPTED
    hang_seconds: float = 0
    hangs_up: bool = False
    greetings: int = 0
    accepted: list[EmailMessage] = field(default_factory=list)
    accepted_raw: list[bytes] = field(default_factory=list)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, lines: list[str]
    ) -> list[str]:
        self.greetings += 1
        session.host_name = hostname
        return lines

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.hang_seconds)
        if self.sender == ACCEPTED:
            envelope.mail_from = address
        return self.sender

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to.get(address, self.recipient)
        if answer == ACCEPTED:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.content
        assert isinstance(raw, bytes)
        if self.data == ACCEPTED:
            self.accepted_raw.append(raw)
            self.accepted.append(message_from_bytes(raw, EmailMessage, policy=policy.default))
        if self.hangs_up:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return self.data


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a server on a free port of loopback, in a thread of its own, for the block."""
    answers = MailServer()
    controller = _Controller(answers, hostname=answers.host, port=0)
    controller.start()
    answers.port = controller.port
    try:
        yield answers
    finally:
        controller.stop()


class _Controller(Controller):
    """Takes the port that the system gives it; aiosmtpd wants to know it beforehand."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
