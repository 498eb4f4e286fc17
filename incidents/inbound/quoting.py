"""What of a reply is new: quotations and signatures are cut where there is no doubt.

The whole mail stays kept. Whoever answers between the lines of a quotation keeps all of them.
"""

import re
from typing import Final

SIGNATURE_LINES_MOST: Final = 10  # a longer end below `-- ` may be more than a signature
QUOTED_LINES_LEAST: Final = 3  # one line with > may be a command's output
INTRODUCTION_LINES: Final = 3  # “On …, … wrote:” breaks over as many lines

_INTRODUCTION: Final = re.compile(
    r"(?:on\b.+\bwrote|le\b.+\ba écrit|op\b.+\bschreef\b.*|.+\bschreef op\b.+"
    r"|.+\bпис(?:ал|ала|али|ал\(а\))|.+写道|am\b.+\bschrieb\b.*)\s*[::]",
    re.IGNORECASE | re.DOTALL,
)
_ORIGINAL: Final = re.compile(
    r"\s*-{3,}\s*(?:original message|message d['’]origine|message original"
    r"|oorspronkelijk bericht|исходное сообщение|原始邮件|原邮件)\s*-{3,}\s*",
    re.IGNORECASE,
)
_HEADER: Final = re.compile(
    r"\s*\*?(?:from|sent|date|to|cc|subject|de|envoyé|à|objet|van|verzonden|aan|onderwerp"
    r"|от|от кого|отправлено|дата|кому|тема|копия|发件人|发送时间|发送日期|日期|收件人|抄送|主题)"
    r"\*?\s*[::].*",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(r"\[INC-\d{4}-\d{1,9}\]")
_HEADERS_LEAST: Final = 3
_LINE_LENGTH: Final = 300  # characters of a line that are held against the patterns


def new_text(text: str) -> str:
    """Return a reply without what it quotes of ours at its end, and without a marked signature.

    The whole text where nothing new would be left.
    """
    lines = text.split("\n")
    lines = _without_signature(lines[: _quotation_start(lines)])
    kept = "\n".join(lines).strip()
    return kept or text


def _quotation_start(lines: list[str]) -> int:
    """Return the number of the line from which on all is quoted."""
    start = _marked_block(lines)
    end = start
    while end and not lines[end - 1].strip():
        end -= 1
    quoted = end
    while quoted and (lines[quoted - 1].startswith(">") or not lines[quoted - 1].strip()):
        quoted -= 1
    count = sum(line.startswith(">") for line in lines[quoted:end])
    if not count:
        return start
    introduction = _introduction_start(lines, quoted)
    if introduction < quoted or (count >= QUOTED_LINES_LEAST and _is_alone(lines, quoted)):
        return introduction
    return start


def _is_alone(lines: list[str], quoted: int) -> bool:
    """Whether nothing above is quoted: else somebody answers between the lines."""
    return not any(line.startswith(">") for line in lines[:quoted])


def _introduction_start(lines: list[str], quoted: int) -> int:
    """Return where “On …, … wrote:” begins above a quotation; `quoted` without it."""
    if not _is_alone(lines, quoted):
        return quoted
    end = quoted
    while end and not lines[end - 1].strip():
        end -= 1
    for start in range(end - 1, max(end - 1 - INTRODUCTION_LINES, -1), -1):
        if not lines[start].strip():
            break
        words = " ".join(line[:_LINE_LENGTH] for line in lines[start:end])
        if _INTRODUCTION.fullmatch(words.strip()):
            return start
    return quoted


def _marked_block(lines: list[str]) -> int:
    """Return where a copy of a mail of ours begins, with its headers; the end without one."""
    for number, line in enumerate(lines):
        headers = number
        if _ORIGINAL.fullmatch(line[:_LINE_LENGTH]):
            headers = number + 1
        elif not _HEADER.fullmatch(line[:_LINE_LENGTH]):
            continue
        block = []
        for following in lines[headers : headers + 8]:
            if not _HEADER.fullmatch(following[:_LINE_LENGTH]):
                break
            block.append(following[:_LINE_LENGTH])
        ours = any(_REFERENCE.search(header) for header in block)
        begins = not number or not _HEADER.fullmatch(lines[number - 1][:_LINE_LENGTH])
        follows = any(map(str.strip, lines[:number]))
        if len(block) >= _HEADERS_LEAST and ours and begins and follows:
            return number
    return len(lines)


def _without_signature(lines: list[str]) -> list[str]:
    for number in range(len(lines) - 1, max(len(lines) - 2 - SIGNATURE_LINES_MOST, -1), -1):
        if lines[number] in {"-- ", "--"}:
            return lines[:number]
    return lines
