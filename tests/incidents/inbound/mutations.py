"""Mails changed at random, the same for the same seed."""

from collections.abc import Callable, Iterator
from random import Random

from tests.incidents.inbound.corpus import CORPUS

_WORDS = (
    b"\x00", b"\xff\xfe", b"\r", b"\n\n", b"--b\n", b"--b--", b"=?utf-8?b?", b"?=", b"\n ",
    b"Content-Type: multipart/mixed; boundary=b\n", b"Content-Type: message/rfc822\n\n",
    b"Content-Type: message/delivery-status\n\n", b"Content-Transfer-Encoding: base64\n",
    b"From: alice@acme.example\n", b"; charset=utf-7", b"filename*0*=%%", b"(", b'"', b"<", b"\\",
    b"Authentication-Results: mx.northlight.example; dmarc=pass header.from=acme.example\n",
    b"Message-ID: <1@acme.example>\n", "\ud83d\ude00".encode("utf-16", "surrogatepass"),
)  # fmt: skip


def mutated(count: int, *, seed: int) -> Iterator[bytes]:
    """Yield `count` mails of the corpus, each changed in one to six ways."""
    random = Random(seed)
    originals = list(CORPUS.values())
    for _ in range(count):
        raw = random.choice(originals)
        for _change in range(random.randint(1, 6)):
            raw = random.choice(_CHANGES)(raw, random)
        yield raw


def _flipped(raw: bytes, random: Random) -> bytes:
    changed = bytearray(raw or b"x")
    for _ in range(random.randint(1, 20)):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _cut(raw: bytes, random: Random) -> bytes:
    start, end = sorted(random.randrange(len(raw) + 1) for _ in range(2))
    return raw[:start] + raw[end:]


def _repeated(raw: bytes, random: Random) -> bytes:
    start, end = sorted(random.randrange(len(raw) + 1) for _ in range(2))
    return raw[:end] + raw[start:end] * random.choice([1, 2, 50]) + raw[end:]


def _inserted(raw: bytes, random: Random) -> bytes:
    place = random.randrange(len(raw) + 1)
    return raw[:place] + random.choice(_WORDS) * random.choice([1, 1, 1, 300]) + raw[place:]


def _shuffled(raw: bytes, random: Random) -> bytes:
    lines = raw.split(b"\n")
    for _ in range(random.randint(1, 5)):
        one, other = random.randrange(len(lines)), random.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _crossed(raw: bytes, random: Random) -> bytes:
    other = random.choice(list(CORPUS.values()))
    return raw[: random.randrange(len(raw) + 1)] + other[random.randrange(len(other)) :]


def _with_returns(raw: bytes, random: Random) -> bytes:
    return raw.replace(b"\n", random.choice([b"\r\n", b"\r", b"\n\r", b"\n\n"]))


_CHANGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flipped, _cut, _repeated, _inserted, _inserted, _shuffled, _crossed, _with_returns,
)  # fmt: skip
