"""`manage.py explain`: the same as the page, as aligned text."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from incidents.actions import responding
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def explained(*arguments):
    out = StringIO()
    call_command("explain", *arguments, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def answered(cast):
    incident = cast.file("product-partial", MONDAY_NINE + 8 * HOUR)
    responding.respond(incident=incident, actor=cast.tom, text="…", at=MONDAY_NINE + 24 * HOUR)
    return incident


def test_an_incident(answered):
    assert explained(answered.reference) == [
        f"{answered.reference} · Scans stop half-way",
        "Times are those of Europe/Paris.",
        "",
        "First response: Answered in time: 1 h of 6 h used.",
        "Mon–Fri 09:00–18:00 (Europe/Paris)",
        "",
        "6 h of working time from Mon 2 Mar 17:00, due Tue 3 Mar 2026 14:00 CET",
        "  Mon 2 Mar 17:00                              Alice filed the incident in the portal."
        " The clock begins.",
        "  Mon 2 Mar 17:00–18:00              1 h  1 h  Office open",
        "  Mon 2 Mar 18:00 – Tue 3 Mar 09:00            Office closed: outside its hours",
        "  Tue 3 Mar 09:00                         1 h  Tom gave a qualified response."
        " The promise is kept.",
        "  Tue 3 Mar 09:00–14:00              5 h  6 h  Office open (left over)",
        "  Tue 3 Mar 14:00                         6 h  Due: 6 h have passed.",
    ]


def test_a_readers_zone_has_a_column_of_its_own(answered):
    lines = explained(answered.reference, "--zone", "Asia/Shanghai")
    assert lines[1] == (
        "Times are those of Europe/Paris, then those of Asia/Shanghai where they differ."
    )
    assert lines[8:10] == [
        "  Mon 2 Mar 17:00–18:00              Tue 3 Mar 00:00–01:00  1 h  1 h  Office open",
        "  Mon 2 Mar 18:00 – Tue 3 Mar 09:00  Tue 3 Mar 01:00–16:00"
        "            Office closed: outside its hours",
    ]


def test_chinese_signs_take_two_columns(answered):
    lines = explained(answered.reference, "--language", "zh-hans")[7:]
    sums = [line[: line.rindex("小时  ")].replace("–", "-") for line in lines if "小时  " in line]
    assert len(sums) == 4
    # In GBK a Chinese sign takes two bytes, as it takes two columns of a terminal.
    assert len({len(each.encode("gbk")) for each in sums}) == 1


def test_a_certificate_at_an_instant(cast):
    lines = explained("--certificate", "MSA-1", "--at", "2026-05-07T18:30+02:00")
    assert lines[0] == "MSA-1 · MSA Enterprise, French edition of 2022"
    assert [line for line in lines if line and not line.startswith("  ")][2:] == [
        "1 Critical",
        "First response: Not begun: waits for a call, or for the office to open Fri 8 May 09:00;"
        " then due Fri 8 May 09:30.",
        "30 min around the clock from Fri 8 May 09:00, due Fri 8 May 2026 09:30 CEST",
        "2 High",
        "First response: Not begun: waits for a call, or for the office to open Fri 8 May 09:00;"
        " then due Fri 8 May 13:00.",
        "4 h around the clock from Fri 8 May 09:00, due Fri 8 May 2026 13:00 CEST",
        "3 Medium",
        "First response: Due Fri 8 May 15:00 at the latest.",
        "Mon–Fri 09:00–18:00 (Europe/Paris)",
        "6 h of working time from Thu 7 May 18:30, due Fri 8 May 2026 15:00 CEST",
        "4 Low",
        "First response: Due Fri 8 May 17:00 at the latest.",
        "Mon–Fri 09:00–18:00 (Europe/Paris)",
        "8 h of working time from Thu 7 May 18:30, due Fri 8 May 2026 17:00 CEST",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name either an incident or --certificate NUMBER."),
        (["INC-2026-000001", "--certificate", "MSA-1"], "Name either an incident or"),
        (["INC-2026-000001", "--at", "2026-05-07T18:30Z"], "--at goes with --certificate."),
        (["INC-2026-999999"], "There is no incident INC-2026-999999."),
        (["--certificate", "MSA-9"], "There is no certificate MSA-9."),
        (["--certificate", "MSA-1", "--at", "soon"], "--at is not an instant: soon"),
        (
            ["--certificate", "MSA-1", "--at", "2026-05-07T18:30"],
            "--at has no offset from UTC: 2026-05-07T18:30",
        ),
        (["INC-2026-000001", "--zone", "Mars"], "--zone is no time zone: Mars"),
    ],
)
def test_what_cannot_be_explained_is_said(cast, arguments, message):
    with pytest.raises(CommandError, match=message):
        explained(*arguments)
