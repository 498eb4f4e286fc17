"""Finding incidents by their words, in five languages, for each side what it may read."""

from datetime import timedelta

import pytest
from django.db import connection

from accounts.tenancy import set_scope
from incidents.actions import answering, responding
from incidents.models import Incident, Message, SearchDocument
from incidents.queries.search import Terms, references_in, search, terms_of
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
LATER = MONDAY_NINE + timedelta(hours=1)


def found(person, text: str) -> list[str]:
    incidents = Incident.objects.visible_to(person, LATER)
    return [one.title for one in search(incidents, text, person, LATER).order_by("id")]


def filed(cast, language: str, title: str, text: str) -> Incident:
    cast.alice.language = language
    incident: Incident = cast.file(title=title)
    Message.objects.filter(incident=incident).update(text=text)
    return incident


@pytest.mark.parametrize(
    ("language", "title", "text", "searches"),
    [
        (
            "en",
            "Scans stop half-way",
            "The service crashed on three servers.",
            ["scan", "crashes", "server", "SERVERS crash", '"three servers"', "the server"],
        ),
        (
            "fr",
            "Mise à jour bloquée",
            "Les téléchargements échouent depuis l'été.",
            ["mise a jour", "telechargement", "TÉLÉCHARGEMENTS", "echouent", "le téléchargement"],
        ),
        (
            "nl",
            "Bijwerken mislukt",
            "De servers worden niet bijgewerkt.",
            ["server", "mislukte", '"niet bijgewerkt"', "de servers"],
        ),
        (
            "ru",
            "Проверка остановилась",
            "Ещё один сервер не отвечает, чёрный экран.",
            ["серверы", "проверки", "еще черный", "ЧЁРНЫЙ экран"],
        ),
        (
            "zh-hans",
            "扫描在中途停止",
            "三台服务器无法更新，日志里有 timeout 错误。",
            [
                "服务器",
                "扫描",
                "无法更新",
                "器",
                "timeout",
                "服务器 timeout",
                "日志里有timeout",
                "停止",
            ],
        ),
    ],
)
def test_words_are_found_in_each_language(cast, language, title, text, searches):
    filed(cast, language, title, text)
    cast.file(title="Something else")
    assert {each: found(cast.alice, each) for each in searches} == {
        each: [title] for each in searches
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("scan driver", ["Scans stop"]),
        ("scan -driver", ["Scans fail"]),
        ('"driver is old"', ["Scans stop"]),
        ('"old driver"', []),
        ('scan -"driver is old"', ["Scans fail"]),
        ("Northlight 12.4", ["Scans stop", "Scans fail"]),
        ("", ["Scans stop", "Scans fail"]),
        ("  \0 ", ["Scans stop", "Scans fail"]),
        ("the", []),
    ],
)
def test_words_phrases_and_what_must_not_be_there(cast, text, expected):
    stop, fail = cast.file(title="Scans stop"), cast.file(title="Scans fail")
    Message.objects.filter(incident=stop).update(text="The driver is old.")
    Message.objects.filter(incident=fail).update(text="No idea.")
    assert found(cast.alice, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "inc 2",
        "INC-2026-000002",
        "2026-2",
        "inc-2",
        "2",
        "2026/000002",
        "ＩＮＣ 2",
        "#2",
        " 000002 ",
    ],
)
def test_a_reference_is_found_as_people_type_it(cast, text):
    cast.file(title="first"), cast.file(title="second")
    assert found(cast.alice, text) == ["second"]


def test_references():
    assert references_in("2026-123", LATER) == ["INC-2026-000123"]
    assert references_in("inc 7", LATER)[-2:] == ["INC-2026-000007", "INC-2027-000007"]
    assert references_in("7 servers", LATER) == []


def test_terms():
    assert terms_of('one “two three” -four -"five six" 服务器崩溃 x') == Terms(
        ["one", "two three", "服务 务器 器崩 崩溃", "x"], ["four", "five six"]
    )
    assert terms_of("-only") == Terms(["only"], [])


@pytest.mark.parametrize(
    "text",
    ["'", '"', '"""', "-", "--", "& | !", "a:*", "<->", "\\", "%", "()", "'; drop", "\u0300", "=c1",
     "-" * 300, "\U0001f600", "x" * 5000, '"" ""', "- -", "\ufffe", "服", "=fr", "1" * 40],
)  # fmt: skip
def test_nothing_typed_is_an_error(cast, text):
    cast.file()
    assert found(cast.alice, text) == []
    assert found(cast.ada, text) == []


def test_a_customer_searches_neither_notes_nor_others(cast):
    incident = cast.file(title="Ours")
    cast.file(title="Theirs, of Globex", by=cast.olga)
    responding.add_note(incident=incident, actor=cast.tom, text="Canary in the mine", at=LATER)
    answering.answer(incident=incident, actor=cast.bob, text="A parrot, too", at=LATER)
    assert found(cast.alice, "canary") == []
    assert found(cast.tom, "canary parrot ours") == ["Ours"]
    assert found(cast.alice, "parrot") == ["Ours"]
    assert found(cast.alice, "globex") == []
    assert found(cast.olga, "parrot") == []
    assert found(cast.tom, "every morning") == ["Ours", "Theirs, of Globex"]
    assert found(cast.bruno, "parrot") == []


def test_what_is_erased_or_renamed_is_not_found_any_more(cast):
    incident = cast.file(title="Original")
    Message.objects.filter(incident=incident).update(text="", digest_key=b"")
    Incident.objects.filter(pk=incident.pk).update(title="Renamed")
    assert found(cast.alice, "morning") == []
    assert found(cast.alice, "original") == []
    assert found(cast.alice, "renamed") == ["Renamed"]


def test_a_conversation_of_any_length_is_written(cast):
    incident = cast.file(title="Long")
    every_sign = "".join(chr(0x4E00 + number % 20_000) for number in range(50_000))
    for number in range(12):
        text = every_sign[number * 4000 :] + every_sign[: number * 4000]
        answering.answer(incident=incident, actor=cast.alice, text=text, at=LATER)
    answering.answer(incident=incident, actor=cast.alice, text="the last word", at=LATER)
    assert found(cast.alice, '"last word"') == ["Long"]


def test_the_wall_holds_without_the_lists_condition(cast):
    cast.file(title="Ours")
    cast.file(title="Theirs", by=cast.olga)
    set_scope(customers=[cast.acme.pk])
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from incidents_searched")
        assert cursor.fetchone() == (1,)
    assert SearchDocument.objects.count() == 1
    set_scope()
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from incidents_searched")
        assert cursor.fetchone() == (0,)


def test_the_index_serves_the_search(cast):
    cast.file()
    set_scope(customers=[cast.acme.pk])
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute(
            "explain select * from incidents_searched where customer_words @@"
            " incidents_query(array['morning'], array[]::text[], array[%s]::bigint[])",
            [cast.acme.pk],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Bitmap Index Scan on search_by_words" in plan
