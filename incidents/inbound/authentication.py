"""Who a mail is really from, as our own mail server reports it (RFC 8601, RFC 7489; SPEC 17)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from django.conf import settings

from incidents.inbound.parsing import Mail

ADDRESS_LENGTH: Final = 254  # RFC 5321, 4.5.3.1.3
FROM_LENGTH: Final = 1000  # a name and an address; what is longer hides something

_ADDRESS: Final = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
_BARE: Final = re.compile(rf"({_ADDRESS})")
_NAMED: Final = re.compile(rf'(?:"(?:[^"\\]|\\.)*"|[^"<>@,;\\]*)\s*<({_ADDRESS})>')

_RESULTS: Final = re.compile(
    r"""
    \s*(?:
        (?P<comment>\()
      | (?P<quoted>"(?:[^"\\]|\\.)*")
      | (?P<mark>[;=])
      | (?P<word>[^\s;="()]+)
    )
    """,
    re.VERBOSE,
)
_TOKENS_MOST: Final = 500  # a header of ten methods has about a hundred


class Verdict(Enum):
    """What our mail server says of the domain after From."""

    PASS = auto()
    FAIL = auto()
    UNKNOWN = auto()


def sender_of(mail: Mail) -> str:
    """Return the one address that a mail is from, in lower case; "" without exactly one.

    Stricter than RFC 5322: of what two programs may read in two ways, nobody can say who was
    checked.
    """
    values = mail.all("from")
    if len(values) != 1 or len(values[0]) > FROM_LENGTH:
        return ""
    found = _BARE.fullmatch(values[0]) or _NAMED.fullmatch(values[0])
    if found is None or len(found[1]) > ADDRESS_LENGTH or ".." in found[1]:
        return ""
    return found[1].lower()


def domain_verdict(mail: Mail, sender: str) -> Verdict:
    """Say whether DMARC passes for the domain of `sender`, the mail's only From address.

    Only our own server's word counts: of the topmost `Authentication-Results`, those that bear its
    name, up to the first that another server wrote or passed on. Several words on DMARC among them
    cancel each other out, as does a header that is not exactly as RFC 8601 has it.
    """
    results = [found for value in _trusted(mail) for found in _dmarc_in(value)]
    if len(results) != 1:
        return Verdict.UNKNOWN
    (result,) = results
    domain = sender.rpartition("@")[2]
    if not domain or result.properties.get("header.from", "").lower() != domain:
        return Verdict.UNKNOWN
    return {"pass": Verdict.PASS, "fail": Verdict.FAIL}.get(result.value, Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Result:
    method: str
    value: str
    properties: Mapping[str, str]


def _trusted(mail: Mail) -> Iterator[str]:
    """Yield our server's results: those above the first foreign ones, and above an earlier hop."""
    begun = False
    for name, value in mail.headers:
        if name == "authentication-results":
            begun = True
            tokens = _tokens(value) or []
            if not settings.INBOUND_AUTHSERV_ID or not _is_ours(tokens):
                return
            yield value
        elif begun and name == "received":
            return


def _is_ours(tokens: list[str]) -> bool:
    ours: str = settings.INBOUND_AUTHSERV_ID
    return bool(tokens) and tokens[0].strip('"').lower() == ours.lower()


def _dmarc_in(value: str) -> Iterator[_Result]:
    """Yield the results on DMARC of a header; one that cannot be read makes two, which cancel."""
    results = _results(value)
    if results is None:
        yield from [_Result("dmarc", "", {})] * 2
        return
    yield from (result for result in results if result.method == "dmarc")


def _results(value: str) -> list[_Result] | None:
    """Read `id [version]; method=value [name=value]…; …`; None for anything else."""
    tokens = _tokens(value)
    if tokens is None:
        return None
    first, *rest = _split(tokens, ";")
    if len(first) not in {1, 2} or "=" in first:
        return None
    if rest == [["none"]] or not rest:
        return []
    if not rest[-1]:
        rest.pop()
    results = [_result(part) for part in rest]
    found = [result for result in results if result is not None]
    return found if len(found) == len(results) else None


def _result(tokens: list[str]) -> _Result | None:
    if len(tokens) < 3 or len(tokens) % 3 or set(tokens[1::3]) != {"="}:  # noqa: PLR2004 (name = value)
        return None
    names = [name.lower() for name in tokens[0::3]]
    values = [value.strip('"').lower() for value in tokens[2::3]]
    if "=" in names or "=" in values or len(set(names)) != len(names):
        return None
    method = names[0].partition("/")[0]
    return _Result(method, values[0], dict(zip(names[1:], values[1:], strict=True)))


def _split(tokens: list[str], mark: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == mark:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _tokens(value: str) -> list[str] | None:
    """Return a header's words and marks without its comments; None where a quote never ends."""
    tokens: list[str] = []
    position = 0
    value = value.rstrip()
    while position < len(value):
        found = _RESULTS.match(value, position)
        if found is None or len(tokens) > _TOKENS_MOST:
            return None
        position = found.end()
        if found["comment"]:
            end = _comment_end(value, position)
            if end is None:
                return None
            position = end
        else:
            tokens.append(found[0].strip())
    return tokens


def _comment_end(value: str, position: int) -> int | None:
    """Return where a comment ends whose parenthesis stands before `position`; comments nest."""
    depth, escaped = 1, False
    for index in range(position, len(value)):
        letter = value[index]
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
            if not depth:
                return index + 1
    return None
