"""Mails as mail programs, servers and enemies write them."""

import base64
from collections.abc import Callable, Mapping
from typing import Final

AUTHSERV: Final = "mx.northlight.example"
DOMAIN: Final = "in.northlight.example"
PASSED: Final = f"{AUTHSERV}; dmarc=pass (p=reject dis=none) header.from=acme.example"


def mail(
    body: str | bytes = "Scans stop half-way.\n",
    *,
    sender: str = "Alice <alice@acme.example>",
    subject: str = "Scans stop",
    to: str = f"support@{DOMAIN}",
    results: str = PASSED,
    message_id: str = "<1@acme.example>",
    content_type: str = "text/plain; charset=utf-8",
    top: str = "",
    **more: str,
) -> bytes:
    """Return a mail as our mail server hands it over; each of `more` is a header, _ being -."""
    headers = [
        ("Authentication-Results", results),
        (
            "Received",
            "from mail.acme.example by mx.northlight.example; Mon, 2 Mar 2026 09:00 +0100",
        ),
        ("From", sender),
        ("To", to),
        ("Subject", subject),
        ("Message-ID", message_id),
        ("Date", "Mon, 2 Mar 2026 09:00:00 +0100"),
        ("MIME-Version", "1.0"),
        ("Content-Type", content_type),
        *((name.replace("_", "-"), value) for name, value in more.items()),
    ]
    head = "".join(f"{name}: {value}\n" for name, value in headers if value)
    content = body.encode() if isinstance(body, str) else body
    return top.encode() + head.encode() + b"\n" + content


def multipart(*parts: tuple[str, str | bytes], kind: str = "mixed", **headers: str) -> bytes:
    """Return a mail of parts, each with its headers as lines."""
    body = b""
    for head, content in parts:
        text = content.encode() if isinstance(content, str) else content
        body += b"--b\n" + head.encode() + b"\n\n" + text + b"\n"
    return mail(body + b"--b--\n", content_type=f'multipart/{kind}; boundary="b"', **headers)


def in_base64(content: bytes) -> bytes:
    return base64.encodebytes(content)


PLAIN = "Content-Type: text/plain; charset=utf-8"
HTML = "Content-Type: text/html; charset=utf-8"
LOG = 'Content-Type: text/plain\nContent-Disposition: attachment; filename="scan.log"'
PICTURE = (
    "Content-Type: image/png\nContent-ID: <logo>\nContent-Transfer-Encoding: base64\n"
    "Content-Disposition: inline; filename=logo.png"
)


def bounce(message_id: str, *, code: str = "5.1.1", action: str = "failed") -> bytes:
    """Return the report of a server on a mail of ours."""
    return multipart(
        (PLAIN, "Your message could not be delivered.\n"),
        (
            "Content-Type: message/delivery-status",
            "Reporting-MTA: dns; mail.acme.example\n\n"
            f"Final-Recipient: rfc822; alice@acme.example\nAction: {action}\nStatus: {code}\n"
            "Diagnostic-Code: smtp; 550 no such user\n",
        ),
        ("Content-Type: text/rfc822-headers", f"Subject: Received\nMessage-ID: {message_id}\n"),
        kind="report; report-type=delivery-status",
        sender="Mail Delivery System <MAILER-DAEMON@acme.example>",
        subject="Undelivered Mail",
        Return_Path="<>",
        Auto_Submitted="auto-replied",
    )


CORPUS: Final[Mapping[str, bytes]] = {
    "plain": mail(),
    "severity": mail("Severity: 1\n\nAll is down.\n"),
    "severity-fr": mail("Gravité : 3\n\nLa console est lente.\n"),
    "severity-zh": mail("严重级别:1\n\n网络中断。\n"),
    "severity-nl": mail("Ernst: 4\n\nEen vraag.\n"),
    "severity-ru": mail("Уровень критичности: 2\n\nНе работает.\n"),
    "reply": mail(
        "Yes.\n\nOn Monday, Northlight wrote:\n> Is it so?\n", subject="Re: [INC-2026-000001] x"
    ),
    "html": mail("<p>Hello <b>there</b></p><script>x()</script>", content_type="text/html"),
    "alternative": multipart((PLAIN, "Hello"), (HTML, "<p>Hello</p>"), kind="alternative"),
    "attachment": multipart((PLAIN, "See the log."), (LOG, "line 1\nline 2\n")),
    "picture": multipart(
        (PLAIN, "See."), (PICTURE, in_base64(b"\x89PNG\r\n\x1a\n" + b"\x00" * 50))
    ),
    "forward": multipart((PLAIN, "See below."), ("Content-Type: message/rfc822", mail("Inner"))),
    "latin": mail("Caf\xe9".encode("latin-1"), content_type="text/plain; charset=iso-8859-1"),
    "gb": mail("网络".encode("gb18030"), content_type="text/plain; charset=gb18030"),
    "no-such-charset": mail(b"\xff\xfe", content_type="text/plain; charset=no-such"),
    "quoted-printable": mail("caf=C3=A9 =\nnoir", Content_Transfer_Encoding="quoted-printable"),
    "base64": mail(in_base64("Привет".encode()), Content_Transfer_Encoding="base64"),
    "bad-base64": mail("!!!!####", Content_Transfer_Encoding="base64"),
    "uuencode": mail("begin 644 x\n#0V%T\n`\nend\n", Content_Transfer_Encoding="x-uuencode"),
    "encoded-subject": mail(subject="=?utf-8?B?0J/RgNC40LLQtdGC?= =?utf-8?Q?_caf=C3=A9?="),
    "vacation": mail(
        "I am away.", subject="Automatic reply: Received", Auto_Submitted="auto-replied"
    ),
    "list": mail("Weekly news.", List_Id="<news.acme.example>", Precedence="bulk"),
    "bounce": bounce("<0@testserver>"),
    "delayed": bounce("<0@testserver>", code="4.4.1", action="delayed"),
    "two-from": mail(top="From: eve@evil.example\n"),
    "stranger": mail(sender="eve@evil.example", results=""),
    "forged": mail(results=f"{AUTHSERV}; dmarc=fail header.from=acme.example"),
    "unverified": mail(results=""),
    "staff": mail(sender="tom@northlight.example", subject="Re: [INC-2026-000001] x"),
    "no-body": mail(""),
    "no-headers": b"\n\nnothing",
    "nul": mail("a\x00b\n", subject="a\x00b"),
    "no-end": multipart((PLAIN, "Hello"))[:-8],
}


def _nested(levels: int, body: bytes = b"") -> bytes:
    heads = (
        b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (level, level)
        for level in range(levels)
    )
    return b"From: alice@acme.example\n" + b"".join(heads) + body


def _of_boundary(content: bytes) -> bytes:
    return b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n" + content


def _zip() -> bytes:
    head = b"--b\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n"
    return _of_boundary(head + in_base64(b"\x00" * 17 * _MEGABYTE) + b"--b--\n")


_MEGABYTE: Final = 1024 * 1024
_DISPOSITION: Final = 'attachment; filename="'

# Mails that cost a careless reader its memory or its time; made one by one, since they are large.
HOSTILE: Final[Mapping[str, Callable[[], bytes]]] = {
    "nesting": lambda: _nested(5000),
    "mails-in-mails": lambda: b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * 20_000,
    "headers": lambda: b"".join(b"X-%d: y\n" % number for number in range(100_000)) + b"\nx",
    "zip": _zip,
    "line": lambda: mail(b"x" * 24 * _MEGABYTE),
    "returns": lambda: mail(b"\r" * 24 * _MEGABYTE),
    "newlines": lambda: mail(b"\n" * 24 * _MEGABYTE),
    "boundaries": lambda: _of_boundary(b"--b\n" * 6 * _MEGABYTE),
    "parts": lambda: _of_boundary(b"--b\n\n" * 100_000),
    "header": lambda: mail(subject="=?a?q?" * 3 * _MEGABYTE),
    "from": lambda: mail(sender="(" * _MEGABYTE),
    "disposition": lambda: mail("x", Content_Disposition=_DISPOSITION + ';"' * _MEGABYTE),
    "html": lambda: mail(b"<" * 20 * _MEGABYTE, content_type="text/html"),
    "scripts": lambda: mail(b"<script>" * 2 * _MEGABYTE, content_type="text/html"),
    "entities": lambda: mail(b"&" * _MEGABYTE, content_type="text/html"),
    "quotes": lambda: mail(b">" * _MEGABYTE + b"\n>" * 100_000),
    "wrote": lambda: mail("On " + "on wrote " * 100_000 + "\n" + "> x\n" * 5),
    "lines-in-multiparts": lambda: _nested(35, b"Content-Type: text/plain\n\n" + b"x\n" * 390_000),
    "most-lines-in-multiparts": lambda: _nested(6, b"\n" + b"x\n" * 390_000),
    "results": lambda: mail(results="(" * 15_000),
    "references": lambda: mail(References="<" * 3 * _MEGABYTE),
}
