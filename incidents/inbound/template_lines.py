"""What a mail's template lines name: “Severity: 2”, “Certificate: MSA-1”, in five languages."""

import re
from typing import Final

LINES_READ: Final = 60  # the template stands at the top
_LINE_LENGTH: Final = 200

# The colon and the figures as Chinese keyboards write them count as well.
_SEVERITY: Final = re.compile(
    r"[\s*]*(?:severity|gravité|gravite|sévérité|严重级别|严重性|严重程度|ernst|ernstniveau"
    r"|уровень критичности|критичность|серь[её]зность)"
    r"[\s*]*[:\uff1a][\s*]*([1-4\uff11-\uff14])(?!\d).*",
    re.IGNORECASE,
)
_CERTIFICATE: Final = re.compile(
    r"[\s*]*(?:certificate|certificat|证书|certificaat|сертификат)[\s*]*[:\uff1a][\s*]*(\S{1,60})\s*",
    re.IGNORECASE,
)


def named_severity(text: str) -> int | None:
    """Return the severity that a template line names; None without one."""
    found = _first(_SEVERITY, text)
    return int(found) if found else None


def named_certificate(text: str) -> str:
    """Return the number of the certificate that a template line names; "" without one."""
    return _first(_CERTIFICATE, text).strip("*")


def _first(pattern: re.Pattern[str], text: str) -> str:
    for line in text.split("\n", LINES_READ)[:LINES_READ]:
        found = pattern.fullmatch(line[:_LINE_LENGTH])
        if found:
            return found[1]
    return ""
