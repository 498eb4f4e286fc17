"""What is begun on the filing page is kept, offered again, and gone once it is filed."""

from collections.abc import Mapping
from contextvars import copy_context
from datetime import timedelta
from io import BytesIO
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client

from accounts.errors import Conflict
from accounts.tenancy import staff_transaction
from incidents.actions import filing as filing_actions
from incidents.actions.filing_drafts import end_filing_draft, save_filing_draft
from incidents.actions.submissions import once
from incidents.actions.uploads import add_piece, begin_upload
from incidents.models import FilingDraft, Incident, Upload
from msa import clock
from tests.conftest import MONDAY_NINE, make_cast
from tests.incidents.filing_page import PAGE, errors, form_of, look, send, words

pytestmark = pytest.mark.django_db

DRAFT = "/incidents/new/draft/"
KEY = "5c9dbd11-9a76-4b8a-8f6b-0a8a1a5d8b11"
TYPED = {"key": KEY, "category": "product-partial", "title": "Scans st", "text": "Since"}
SECOND = timedelta(seconds=1)


def keep(client: Client, fields: Mapping[str, Any], at=MONDAY_NINE):
    with clock.at(at):
        return client.post(DRAFT, fields)


def kept() -> list[dict[str, str]]:
    return list(FilingDraft.objects.values_list("typed", flat=True))


def test_what_is_typed_is_kept_and_offered_again(signed_in, cast):
    client = signed_in(cast.alice)

    saved = keep(client, TYPED | {"promised": "x", "unheard-of": "x", "extra-hashes": "9e10"})
    page = look(client)

    assert (saved.status_code, kept()) == (204, [TYPED | {"extra-hashes": "9e10"}])
    form = page.context["form"]
    assert {name: form[name].value() for name in TYPED} == TYPED
    assert "You had begun this and not filed it. Saved 09:00 · 2 Mar" in words(page)
    assert 'name="discard"' in page.content.decode()


def test_it_is_offered_on_another_machine_and_to_nobody_else(signed_in, cast):
    keep(signed_in(cast.alice), TYPED)

    assert look(signed_in(cast.alice)).context["form"]["title"].value() == "Scans st"
    assert look(signed_in(cast.bob)).context["form"]["title"].value() is None


def test_the_latest_is_kept_and_an_emptied_form_is_not(signed_in, cast):
    client = signed_in(cast.alice)
    keep(client, TYPED)
    keep(client, TYPED | {"title": "Scans stop"})
    latest = kept()
    keep(client, TYPED | {"title": " ", "text": ""})

    assert (latest, kept()) == ([TYPED | {"title": "Scans stop"}], [])


def test_choices_alone_are_no_draft(signed_in, cast):
    keep(signed_in(cast.alice), {"key": KEY, "category": "product-partial", "about": "product"})

    assert kept() == []


def test_the_button_discards_it(signed_in, cast):
    client = signed_in(cast.alice)
    keep(client, TYPED)

    answer = keep(client, {"discard": "draft"})

    assert (answer.status_code, answer.url, kept()) == (302, PAGE, [])
    assert look(client).context["form"]["title"].value() is None


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "x"},
        {"key": "x", "title": "x"},
        TYPED | {"text": "x" * 100_001},
        TYPED | {"uploads": "x"},
    ],
)
def test_what_is_no_draft_is_refused(signed_in, cast, fields):
    assert keep(signed_in(cast.alice), fields).status_code == 422
    assert kept() == []


@pytest.mark.parametrize("person", ["erik", "bruno", "ada"])
def test_who_does_not_file_keeps_nothing(signed_in, cast, person):
    assert keep(signed_in(getattr(cast, person)), TYPED).status_code == 403


def test_without_a_session_nothing_is_kept(client, cast):
    assert keep(client, TYPED).url == f"/sign-in/?next={DRAFT}"
    assert kept() == []


def test_a_second_window_does_not_overwrite_the_first(signed_in, cast):
    client, other = signed_in(cast.alice), str(uuid4())
    keep(client, TYPED)

    assert keep(client, TYPED | {"key": other}).status_code == 409
    assert kept() == [TYPED]


def test_a_page_that_begins_otherwise_says_that_another_is_begun(signed_in, cast):
    client = signed_in(cast.alice)
    keep(client, TYPED)

    page = look(client, category="product-other", title="Follow-up")

    assert page.context["form"]["title"].value() == "Follow-up"
    assert (
        "You have begun another incident and not filed it. Saved 09:00 · 2 Mar Go on with it"
        in words(page)
    )
    assert "data-draft-url" not in page.content.decode()


# Without the script, every step keeps it.


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"show": "promise"}, 200), ({"promised": ""}, 200), ({"title": ""}, 422)],
)
def test_each_step_without_the_script_keeps_it(signed_in, cast, changes, status):
    client, fields = signed_in(cast.alice), form_of(cast, key=KEY, **changes)

    assert send(client, fields).status_code == status

    (draft,) = kept()
    assert (draft["key"], draft["text"]) == (KEY, "Since this morning, on every machine.")
    assert look(client).context["form"]["text"].value() == draft["text"]


def test_a_refusal_by_the_rules_keeps_it(signed_in, cast, monkeypatch):
    client = signed_in(cast.alice)
    cast.certificate.programme.incidents_per_year = 0
    cast.certificate.programme.save()

    assert send(client, form_of(cast, key=KEY)).status_code == 422
    assert [draft["title"] for draft in kept()] == ["Scans stop half-way"]


def test_a_failure_of_the_server_leaves_it(cast, monkeypatch):
    client = Client(raise_request_exception=False)
    client.force_login(cast.alice)
    keep(client, TYPED)
    monkeypatch.setattr(filing_actions, "_next_reference", lambda year: 1 // 0)

    assert send(client, form_of(cast, key=KEY)).status_code == 500

    with staff_transaction():
        assert (kept(), Incident.objects.count()) == ([TYPED], 0)


# Filing ends it.


def test_filing_ends_the_draft(signed_in, cast):
    client = signed_in(cast.alice)
    keep(client, TYPED)

    send(client, form_of(cast, key=KEY))

    assert (kept(), Incident.objects.count()) == ([], 1)


def test_a_save_under_way_does_not_bring_it_back(signed_in, cast):
    client = signed_in(cast.alice)
    send(client, form_of(cast, key=KEY))

    assert keep(client, TYPED, MONDAY_NINE + 59 * SECOND).status_code == 204
    assert kept() == []
    keep(client, TYPED | {"title": "Again"}, MONDAY_NINE + 61 * SECOND)
    assert kept() == [TYPED | {"title": "Again"}]


def test_filing_from_one_window_leaves_what_is_begun_in_another(signed_in, cast):
    client = signed_in(cast.alice)
    keep(client, TYPED)

    send(client, form_of(cast))

    assert kept() == [TYPED]


def test_a_filing_that_is_undone_leaves_the_draft(cast):
    save_filing_draft(
        user=cast.alice, key=UUID(KEY), typed={"title": "x"}, uploads=[], at=MONDAY_NINE
    )

    def end_and_fail() -> str:
        end_filing_draft(user=cast.alice, key=UUID(KEY), at=MONDAY_NINE)
        return str(1 // 0)

    with pytest.raises(ZeroDivisionError):
        once(user=cast.alice, key=uuid4(), at=MONDAY_NINE, act=end_and_fail)

    assert kept() == [{"key": KEY, "title": "x"}]


@pytest.mark.django_db(transaction=True)
def test_saving_and_filing_at_once_leave_no_draft():
    with staff_transaction():
        cast = make_cast()
    fields, barrier, answers = form_of(cast, key=KEY), Barrier(3), []

    def act(client: Client, address: str) -> None:
        try:
            barrier.wait()
            answers.append(client.post(address, fields).status_code)
        finally:
            connection.close()

    clients = [Client() for _ in range(3)]
    for client in clients:
        client.force_login(cast.alice)
    with clock.at(MONDAY_NINE):
        threads = [
            Thread(target=copy_context().run, args=(act, client, address))
            for client, address in zip(clients, (PAGE, DRAFT, PAGE), strict=True)
        ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [204, 302, 302]
    with staff_transaction():
        assert (kept(), Incident.objects.count()) == ([], 1)


# Files that arrived before the form.


def an_upload(cast, **facts: object) -> Upload:
    return Upload.objects.create(
        **{
            "user": cast.alice,
            "name": "trace.log",
            "size_bytes": 3,
            "touched_at": MONDAY_NINE,
            **facts,
        }
    )


def test_only_their_own_files_stay_with_the_draft(signed_in, cast):
    own, foreign = an_upload(cast), an_upload(cast, user=cast.bob)

    keep(signed_in(cast.alice), {"key": KEY, "uploads": [own.pk, foreign.pk]})

    assert list(FilingDraft.objects.get().uploads.all()) == [own]


def test_files_that_arrived_are_shown_again_go_along_once_and_are_gone(signed_in, cast):
    client = signed_in(cast.alice)
    begun = [begin_upload(**facts) for facts in two_files(cast)]
    for number, piece in enumerate((b"one", b"three")):
        add_piece(
            user=cast.alice,
            pk=begun[number].pk,
            offset=0,
            piece=BytesIO(piece),
            piece_bytes=len(piece),
            at=MONDAY_NINE + number * SECOND,
        )
    keep(client, TYPED | {"uploads": [upload.pk for upload in begun]})

    shown = [(row.upload.name, row.chosen) for row in look(client).context["uploads"]]
    sent = form_of(cast, key=KEY, uploads=[upload.pk for upload in begun])
    first, second = send(client, sent), send(client, sent)

    assert shown == [("a.log", True), ("b.log", True)]
    assert first.url == second.url == "/incidents/INC-2026-000001/filed/"
    message = Incident.objects.get().messages.get()
    assert [(file.name, file.size_bytes) for file in message.attachments.all()] == [
        ("a.log", 3),
        ("b.log", 5),
    ]
    assert (Upload.objects.count(), kept()) == (0, [])


def test_a_file_that_is_gone_is_said_and_everything_else_kept(signed_in, cast):
    answer = send(signed_in(cast.alice), form_of(cast, key=KEY, uploads=[uuid4()]))

    assert (answer.status_code, errors(answer)) == (
        422,
        {"files": ["A file is not kept any more. Please choose it again."]},
    )
    assert [draft["title"] for draft in kept()] == ["Scans stop half-way"]


def test_discarding_drops_the_files_too(signed_in, cast):
    client = signed_in(cast.alice)
    for facts in two_files(cast):
        begin_upload(**facts)
    keep(client, TYPED)

    keep(client, {"discard": "draft"})

    assert Upload.objects.count() == 0


def two_files(cast) -> list[dict[str, Any]]:
    return [
        {
            "user": cast.alice,
            "pk": uuid4(),
            "name": name,
            "size_bytes": size,
            "place": f"f-{KEY}",
            "at": MONDAY_NINE + offset * SECOND,
        }
        for offset, (name, size) in enumerate((("a.log", 3), ("b.log", 5)))
    ]


def test_another_persons_draft_of_the_same_key_is_theirs(cast):
    for person in (cast.alice, cast.bob):
        save_filing_draft(
            user=person, key=UUID(KEY), typed={"title": person.name}, uploads=[], at=MONDAY_NINE
        )
    end_filing_draft(user=cast.alice, key=UUID(KEY), at=MONDAY_NINE)

    assert kept() == [{"key": KEY, "title": "Bob"}]


def test_a_conflict_says_what_is_so(cast):
    save_filing_draft(
        user=cast.alice, key=UUID(KEY), typed={"title": "x"}, uploads=[], at=MONDAY_NINE
    )
    with pytest.raises(Conflict, match="kept on this machine only"):
        save_filing_draft(
            user=cast.alice, key=uuid4(), typed={"title": "y"}, uploads=[], at=MONDAY_NINE
        )
