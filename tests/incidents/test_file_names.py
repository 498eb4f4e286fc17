"""What is left of a stranger's name for a file, and what its bytes say it is."""

import random
import re
import unicodedata

import pytest

from incidents.files.names import clean_name
from incidents.files.sniffing import sniffed

SEED = 20_260_302
DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9]) *(\.|$)")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("scan log.txt", "scan log.txt"),
        ("Журнал проверки.log", "Журнал проверки.log"),
        ("扫描日志.txt", "扫描日志.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\report.pdf", "report.pdf"),
        ("C:report.pdf", "C_report.pdf"),
        ("..", "file"),
        ("", "file"),
        ("/", "file"),
        (" . ", "file"),
        (".htaccess", "htaccess"),
        ("report.pdf. . ", "report.pdf"),
        ("report.pdf\0.exe", "report.pdf.exe"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
        ("line\r\nbreak: x.txt", "line break_ x.txt"),
        ("a\u2028b\u00a0c.txt", "a b c.txt"),
        ("report.pdf          .exe", "report.pdf.exe"),
        ('a<b>"c"|d?e*.txt', "a_b__c__d_e_.txt"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("LPT1 .log", "_LPT1.log"),
        ("com¹.txt", "_com¹.txt"),
        ("console.txt", "console.txt"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("\ud800lone.txt", "lone.txt"),
        ("x\uffff\ufdd0.txt", "x.txt"),
        ("a" * 300 + ".tar", "a" * 196 + ".tar"),
        ("я" * 300 + ".log", "я" * 98 + ".log"),
        ("b" * 300, "b" * 200),
        ("c." + "d" * 300, "c." + "d" * 198),
    ],
)
def test_a_name_keeps_what_is_harmless(name, kept):
    assert clean_name(name) == kept


def hostile_names(count):
    """Names of parts that have done harm somewhere, put together at random."""
    draw = random.Random(SEED)
    parts = [
        *("../", "..\\", "/", "\\", "//", "\0", "\r\n", "%00", "%2e%2e%2f", "~", "file:///", "C:"),
        *(
            "\u202e",
            "\u2066",
            "\u200f",
            "\ufeff",
            "\u2028",
            "\x1b[31m",
            "\x7f",
            "\ud800",
            "\U000e0041",
        ),
        *("CON", "nul.", "aux", "COM1", "lpt9 ", ".htaccess", "index.php", "web.config", "x" * 250),
        *(
            "<script>alert(1)</script>",
            '"><img src=x onerror=1>',
            "';--",
            "{{7*7}}",
            "=cmd|' /C calc'!A0",
        ),
        *(
            ".svg",
            ".html",
            ".exe",
            ".pdf",
            ".php.jpg",
            ".",
            " ",
            "...",
            "；",
            "я" * 130,
            "日本",
            "🦠",
        ),
    ]
    for _ in range(count):
        yield "".join(draw.choice(parts) for _ in range(draw.randint(1, 7)))


def test_of_5000_hostile_names_none_leads_anywhere():
    for name in hostile_names(5_000):
        kept = clean_name(name)
        assert 0 < len(kept.encode()) <= 200, name
        assert not set(kept) & set('/\\<>:"|?*'), name
        assert kept.strip(" .") == kept, name
        assert DEVICE.match(kept) is None, name
        assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in kept), (
            name
        )
        assert clean_name(kept) == kept, name


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"line one\n", "text/plain"),
        ("Журнал: всё хорошо\n".encode(), "text/plain"),
        ("日志\n".encode("utf-16"), "text/plain"),
        (b"\x1b[31mERROR\x1b[0m\n", "text/plain"),
        ("я".encode() * 5_000, "text/plain"),
        (b"MZ is how this text begins", "text/plain"),
        (b"BM, the company", "text/plain"),
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a/*<script>alert(1)</script>*/", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
        (b"<x:SVG onload=alert(1)>", "image/svg+xml"),
        (b"log\n\n <ScRiPt>alert(1)</script>", "text/html"),
        (b"<!DOCTYPE html>", "text/html"),
        (b'<?xml version="1.0"?><a/>', "application/xml"),
        (b"{\\rtf1 x}", "application/rtf"),
        (b"MZ\x90\0\x03", "application/vnd.microsoft.portable-executable"),
        (b"\x7fELF\x02", "application/x-executable"),
        (
            b"PK\x03\x04\x14\0[Content_Types].xml\0word/document.xml",
            DOCX := ("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ),
        (b"PK\x03\x04\x14\0evil.html<script>", "application/zip"),
        (b"\x1f\x8b\x08\0", "application/gzip"),
        (b"\0\x01\x02\xff", "application/octet-stream"),
        (b"\0", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_type_is_what_the_bytes_say(content, media_type):
    assert sniffed(content[: 8 * 1024]) == media_type


def test_random_bytes_are_never_an_image_or_an_error():
    draw = random.Random(SEED)
    found = {sniffed(b"\xfe\0" + draw.randbytes(draw.randint(0, 400))) for _ in range(300)}
    assert not {
        each for each in found if each in {"image/png", "image/jpeg", "image/gif", "image/webp"}
    }
    assert {each for each in found if not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", each)} == set()
