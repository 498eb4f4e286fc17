"""Mail that no person wrote: it is never an answer, and never answered (SPEC 6, 17; RFC 3834)."""

import re
from typing import Final

from incidents.inbound.parsing import Mail

RECEIVED_MOST: Final = 30  # hops; servers give up at 50 to 100, and a usual way has six

_PRECEDENCE: Final = frozenset({"auto_reply", "bulk", "junk", "list"})
_MACHINES: Final = re.compile(
    r"(?:mailer-daemon|postmaster|(?:no|do-?not)[-_.]?reply|bounces?|auto-?reply|noreply-.+|"
    r"bounces?[-+].+)@.*"
)
_VACATION: Final = re.compile(
    r"(?:auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office(?: reply)?|autoreply"
    r"|réponse automatique|absence du bureau|absent du bureau"
    r"|automatisch(?:e)? antwoord|afwezig(?:heid(?:sbericht|smelding)?)?"
    r"|автоматический ответ|автоответ(?:чик)?|вне офиса"
    r"|自动回复|自动答复|外出回复|abwesenheitsnotiz|automatische antwort)"
    r"\s*(?:[::—-].*|)",
    re.IGNORECASE | re.DOTALL,
)


def why_automatic(mail: Mail, sender: str) -> str:
    """Say what shows that no person wrote a mail; "" when nothing does."""
    if mail.text("auto-submitted").partition(";")[0].strip().lower() not in {"", "no"}:
        return "Auto-Submitted"
    if mail.text("precedence").lower() in _PRECEDENCE:
        return "Precedence"
    for name in ("x-auto-response-suppress", "x-autoreply", "x-autorespond", "x-auto-reply-from"):
        if mail.first(name):
            return name
    if any(name.startswith("list-") for name, _value in mail.headers):
        return "List"
    if mail.first("return-path").replace(" ", "") == "<>":
        return "Return-Path"
    if mail.message.get_content_type() == "multipart/report":
        return "Report"
    if _MACHINES.fullmatch(sender):
        return "From"
    if _VACATION.fullmatch(mail.text("subject")):
        return "Subject"
    return ""


def has_looped(mail: Mail) -> bool:
    """Whether a mail has gone through more hands than any does on a straight way."""
    return len(mail.all("received")) > RECEIVED_MOST
