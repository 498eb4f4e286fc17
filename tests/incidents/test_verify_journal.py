"""`manage.py verify_journal`: whatever is changed behind the application's back is named."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from incidents.actions import answering, responding
from incidents.models import Incident, JournalEntry
from tests.conftest import MONDAY_NINE, ROLE

pytestmark = pytest.mark.django_db

TABLE = "incidents_journalentry"


def verify(*arguments: str) -> tuple[int, list[str]]:
    """Return the exit code and the lines but the last, which `counts` reads."""
    code, lines = _verify(*arguments)
    return code, lines[:-1]


def counts(*arguments: str) -> str:
    _code, lines = _verify(*arguments)
    return lines[-1].rsplit(";", maxsplit=1)[0]


def _verify(*arguments: str) -> tuple[int, list[str]]:
    out = StringIO()
    code = 0
    try:
        call_command("verify_journal", *arguments, stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, out.getvalue().splitlines()


@contextmanager
def owner() -> Iterator[None]:
    """Act as the schema's owner, whom no right and no constraint holds back."""
    with connection.cursor() as cursor:
        cursor.execute("set local role none")
        cursor.execute("set local session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("set local session_replication_role = default")
            cursor.execute(f"set local role {ROLE}")


def as_owner(statement: str, *values: int | str | None) -> None:
    with owner(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount == 1


@pytest.fixture
def incident(cast) -> Incident:
    """An incident with four entries; the second holds a file, the third a note."""
    filed: Incident = cast.file()
    for minute, act, actor in (
        (5, responding.respond, cast.tom),
        (6, responding.add_note, cast.tom),
        (7, answering.answer, cast.alice),
    ):
        files = [SimpleUploadedFile("trace.log", b"failed")] if minute == 5 else []
        act(
            incident=filed,
            actor=actor,
            text="Looking.",
            at=MONDAY_NINE + timedelta(minutes=minute),
            files=files,
        )
    filed.refresh_from_db()
    return filed


def entry(incident: Incident, kind: str) -> JournalEntry:
    return JournalEntry.objects.get(incident=incident, kind=kind)


def said(row: JournalEntry, *what: str) -> list[str]:
    return [f"{row.incident.reference} entry {row.number} (row {row.pk}): {one}" for one in what]


def counted(incident: Incident, surplus: int) -> str:
    length = incident.journal_length
    there = length + surplus
    return f"{incident.reference}: the incident counts {length} entries, but {there} are there"


def another_head(incident: Incident) -> str:
    said = "the hash of the last entry is not the head that the incident keeps"
    return f"{incident.reference}: {said}"


CONTENT = "its content does not have its hash"
LINK = "it does not hold the hash of the entry before it"


def test_a_journal_as_it_was_written(cast, incident):
    other = cast.file(by=cast.olga)
    length = incident.journal_length + other.journal_length

    assert verify() == (0, [])
    assert counts() == f"2 incidents, {length} entries, 0 with an erased text; findings: 0"


def test_the_rate_is_told(incident):
    _code, lines = _verify()
    assert re.fullmatch(r".*; \d+\.\d s, \d+ entries/s", lines[-1])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "at + interval '1 second'"),
        ("recorded_at", "recorded_at + interval '1 microsecond'"),
        ("kind", "'replied'"),
        ("actor_id", "actor_id + 1"),
        ("actor_id", "null"),
        ("customer_id", "customer_id + 1"),
        ("data", """'{"qualified": 1}'"""),
    ],
)
def test_a_changed_column_is_named(incident, column, value):
    row = entry(incident, "responded")
    as_owner(f"update {TABLE} set {column} = {value} where id = %s", row.pk)
    assert verify() == (1, said(row, CONTENT))


def test_a_changed_text_hash_is_named(incident):
    row = entry(incident, "responded")
    as_owner(f"update {TABLE} set text_hash = reverse(text_hash) where id = %s", row.pk)
    another = f"the text or the list of files of message {row.message_id} is another"
    assert verify() == (1, said(row, CONTENT, another))


def test_a_message_taken_from_an_entry_is_named(incident):
    row = entry(incident, "responded")
    as_owner(f"update {TABLE} set message_id = null where id = %s", row.pk)
    assert verify() == (1, said(row, CONTENT, "it has the hash of a text, but no message"))


def test_a_changed_previous_hash_is_named(incident):
    row = entry(incident, "responded")
    as_owner(f"update {TABLE} set previous_hash = repeat('0', 64) where id = %s", row.pk)
    assert verify() == (1, said(row, LINK, CONTENT))


def test_a_changed_hash_is_named_and_breaks_the_link(incident):
    row, following = entry(incident, "noted"), entry(incident, "answered")
    as_owner(f"update {TABLE} set hash = repeat('0', 64) where id = %s", row.pk)
    assert verify() == (1, said(row, CONTENT) + said(following, LINK))


def test_a_changed_hash_of_the_last_entry_is_named(incident):
    row = entry(incident, "answered")
    as_owner(f"update {TABLE} set hash = repeat('0', 64) where id = %s", row.pk)
    assert verify() == (1, [*said(row, CONTENT), another_head(incident)])


def test_a_changed_number_is_named(incident):
    row = entry(incident, "answered")
    number = row.number
    as_owner(f"update {TABLE} set number = 99 where id = %s", row.pk)
    row.number = 99
    assert verify() == (1, said(row, f"its number does not follow {number - 1}", CONTENT))


def test_a_row_that_was_deleted_is_missed(incident):
    row, following = entry(incident, "noted"), entry(incident, "answered")
    as_owner(f"delete from {TABLE} where id = %s", row.pk)
    assert verify() == (
        1,
        [
            *said(following, f"its number does not follow {row.number - 1}", LINK),
            counted(incident, -1),
        ],
    )


def test_a_row_that_was_put_in_is_named(incident):
    row = entry(incident, "answered")
    as_owner(f"update {TABLE} set number = number + 1 where id = %s", row.pk)
    columns = (
        "customer_id, incident_id, number, at, recorded_at, kind, actor_id, message_id, text_hash,"
        " data, previous_hash, hash"
    )
    values = columns.replace("number", "number - 1").replace("message_id, text_hash", "null, ''")
    as_owner(
        f"insert into {TABLE} ({columns}) select {values} from {TABLE} where id = %s",
        row.pk,
    )
    forged = JournalEntry.objects.get(incident=incident, number=row.number)
    row.number += 1
    assert verify() == (
        1,
        [
            *said(forged, CONTENT),
            *said(row, LINK, CONTENT),
            counted(incident, +1),
        ],
    )


def test_a_tail_that_was_cut_off_is_missed(incident):
    row = entry(incident, "answered")
    as_owner(f"delete from {TABLE} where id = %s", row.pk)
    assert verify() == (
        1,
        [
            counted(incident, -1),
            another_head(incident),
        ],
    )


def test_a_journal_that_was_emptied_is_missed(cast):
    filed = cast.file()
    with owner():
        filed.journal.all()._raw_delete("default")
    assert verify() == (
        1,
        [
            counted(filed, -filed.journal_length),
            another_head(filed),
        ],
    )


def test_entries_that_two_incidents_swapped_are_named(cast):
    first, second = cast.file(), cast.file()
    one, other = entry(first, "filed"), entry(second, "filed")
    swap = f"update {TABLE} set incident_id = %s, number = %s where id = %s"
    as_owner(swap, second.pk, 98, one.pk)
    as_owner(swap, first.pk, other.number, other.pk)
    as_owner(swap, second.pk, one.number, one.pk)
    one.refresh_from_db()
    other.refresh_from_db()

    code, lines = verify()

    assert code == 1
    assert said(other, CONTENT)[0] in lines
    assert said(one, CONTENT)[0] in lines


@pytest.mark.parametrize(
    "change",
    [
        "text = text || ' '",
        "digest_key = '\\x00'",
        "file_hashes = '{}'",
    ],
)
def test_a_changed_message_is_named_by_its_entry(incident, change):
    row = entry(incident, "responded")
    as_owner(f"update incidents_message set {change} where id = %s", row.message_id)
    assert (
        verify()[1][0]
        == (said(row, f"the text or the list of files of message {row.message_id} is another")[0])
    )


@pytest.mark.parametrize(
    "statement",
    [
        "update incidents_attachment set sha256 = repeat('0', 64) where message_id = %s",
        "delete from incidents_attachment where message_id = %s",
    ],
)
def test_a_changed_file_is_named_by_its_entry(incident, statement):
    row = entry(incident, "responded")
    as_owner(statement, row.message_id)
    files = f"the files of message {row.message_id} are not those it was sent with"
    assert verify() == (1, said(row, files))


def test_an_erased_text_is_counted_and_no_finding(incident):
    row = entry(incident, "answered")
    as_owner(
        "update incidents_message set text = '', digest_key = '' where id = %s", row.message_id
    )
    assert verify() == (0, [])
    length = incident.journal_length
    assert counts() == f"1 incidents, {length} entries, 1 with an erased text; findings: 0"


def test_only_the_incidents_that_are_named(cast, incident):
    other = cast.file()
    as_owner(f"update {TABLE} set kind = 'x' where id = %s", entry(other, "filed").pk)
    assert verify(incident.reference) == (0, [])
    assert verify("INC-2026-999999") == (1, ["INC-2026-999999: there is no such incident"])


def test_heads_pin_a_chain_that_is_written_anew(cast, incident, tmp_path):
    heads = tmp_path / "heads"
    code, lines = verify("--heads")
    head = f"{incident.reference} {incident.journal_length} {incident.journal_head}"
    assert (code, lines) == (0, [head])
    heads.write_text("\n".join(lines))
    answering.answer(
        incident=incident, actor=cast.alice, text="Any news?", at=MONDAY_NINE + timedelta(hours=1)
    )
    assert verify("--against", str(heads)) == (0, [])

    previous_hash = ""
    for row in incident.journal.order_by("number"):
        row.recorded_at += timedelta(seconds=1)
        row.previous_hash = previous_hash
        row.hash = previous_hash = row.digest()
        with owner():
            row.save()
    Incident.objects.filter(pk=incident.pk).update(journal_head=previous_hash)

    assert verify() == (0, [])
    away = "the chain does not run through the head printed before"
    assert verify("--against", str(heads)) == (1, [f"{incident.reference}: {away}"])


def test_an_incident_that_is_gone_is_missed(incident, tmp_path):
    heads = tmp_path / "heads"
    heads.write_text(f"INC-2026-000077 3 {'0' * 64}\n")
    assert verify("--against", str(heads)) == (
        1,
        ["INC-2026-000077: there is no such incident"],
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory."),
        (b"nothing\n", "holds no heads; expected lines as --heads prints them."),
        (b"\xff", "is not UTF-8: invalid start byte."),
    ],
)
def test_a_file_of_heads_that_cannot_be_read(db, tmp_path, content, message):
    heads = tmp_path / "heads"
    if content is not None:
        heads.write_bytes(content)
    with pytest.raises(CommandError) as refusal:
        verify("--against", str(heads))
    assert str(refusal.value) == f"{heads} {message}"
