"""Files arrive piece by piece, go on after an interruption, and go into one message once."""

import threading
from datetime import timedelta
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client

from accounts.errors import Refused
from incidents.actions import uploads
from incidents.actions.uploads import WrongOffset
from incidents.files import pieces
from incidents.models import Attachment, Upload
from msa import clock
from tests.conftest import MONDAY_NINE, see_everything

pytestmark = pytest.mark.django_db
LATER = MONDAY_NINE + timedelta(minutes=10)
KEY = "0d6f0f6e-6f3a-4a8e-9d6d-3a0c2f1b7c11"
OTHER = "1d6f0f6e-6f3a-4a8e-9d6d-3a0c2f1b7c11"
PIECE = "application/offset+octet-stream"


@pytest.fixture(autouse=True)
def ten_past_nine():
    with clock.at(LATER):
        yield


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def incident(cast):
    return cast.file()


def begin(client, name="trace.log", size=9, key=KEY, place="INC-2026-000001"):
    return client.post("/uploads/", {"id": key, "name": name, "size": size, "place": place})


def send(client, content, offset, key=KEY, **headers):
    return client.patch(
        f"/uploads/{key}/",
        content,
        content_type=PIECE,
        headers={"Upload-Offset": str(offset)} | headers,
    )


def arrived(person, name="trace.log", content=b"line one\n", place="INC-2026-000001"):
    upload = uploads.begin_upload(
        user=person, pk=uuid4(), name=name, size_bytes=len(content), place=place, at=LATER
    )
    return uploads.add_piece(
        user=person,
        pk=upload.pk,
        offset=0,
        piece=BytesIO(content),
        piece_bytes=len(content),
        at=LATER,
    )


def content():
    with Upload.objects.get().file.open() as file:
        return file.read()


def stored(folder="uploads"):
    """Every file below a folder of the storage."""
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    below = [file for each in sorted(folders) for file in stored(f"{folder}/{each}")]
    return sorted(f"{folder}/{name}" for name in names) + below


# The protocol.


def test_a_file_arrives_in_pieces(cast, signed_in):
    alice = signed_in(cast.alice)
    begun = begin(alice)
    assert (begun.status_code, begun.headers["Location"]) == (201, f"/uploads/{KEY}/")
    assert begun.json() == {
        "id": KEY,
        "url": f"/uploads/{KEY}/",
        "name": "trace.log",
        "size": 9,
        "received": 0,
    }
    first = send(alice, b"line", 0)
    assert (first.status_code, first.headers["Upload-Offset"]) == (200, "4")
    told = alice.head(f"/uploads/{KEY}/")
    assert (told.status_code, told.content) == (200, b"")
    assert (told.headers["Upload-Offset"], told.headers["Upload-Length"]) == ("4", "9")
    assert told.headers["Cache-Control"] == "no-store"
    assert send(alice, b" one\n", 4).json()["received"] == 9

    upload = Upload.objects.get()
    assert content() == b"line one\n"
    assert upload.sha256 == "31f21b1dae81d3f32f40e38134bc688e6f7df4f08dde1d7d2cda3c4b59104e1c"
    assert (upload.place, upload.touched_at) == ("INC-2026-000001", LATER)


def test_what_is_announced_twice_is_one_file(cast, signed_in):
    alice = signed_in(cast.alice)
    assert [begin(alice).status_code, send(alice, b"line", 0).status_code] == [201, 200]
    again = begin(alice)
    assert (again.status_code, again.json()["received"]) == (201, 4)
    assert Upload.objects.count() == 1


def test_a_piece_that_comes_twice_or_too_early_is_not_taken(cast, signed_in):
    alice = signed_in(cast.alice)
    begin(alice)
    send(alice, b"line", 0)
    for offset in (0, 3, 5, 9):
        answer = send(alice, b"xx", offset)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "4")
        assert answer.json() == {"received": 4}
    send(alice, b" one\n", 4)
    assert content() == b"line one\n"


def test_a_piece_that_breaks_off_goes_on_from_where_it_ended(cast, signed_in):
    alice = signed_in(cast.alice)
    begin(alice)
    answer = alice.generic(
        "PATCH",
        f"/uploads/{KEY}/",
        b"nine byte",
        content_type=PIECE,
        headers={"Upload-Offset": "0"},
        **{"wsgi.input": BytesIO(b"lin"), "CONTENT_LENGTH": "9"},
    )
    assert answer.json()["received"] == 3
    send(alice, b"e one\n", 3)
    assert content() == b"line one\n"


def test_what_an_undone_attempt_left_is_written_over(cast, signed_in):
    alice = signed_in(cast.alice)
    begin(alice)
    pieces.keep_piece(KEY, 0, BytesIO(b"never committed"))
    send(alice, b"line", 0)
    send(alice, b" one\n", 4)
    assert content() == b"line one\n"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"content_type": "text/plain"}, 415),
        ({"headers": {}}, 400),
        ({"headers": {"Upload-Offset": "-1"}}, 400),
        ({"headers": {"Upload-Offset": "1" * 30}}, 400),
        ({"CONTENT_LENGTH": ""}, 411),
        ({"CONTENT_LENGTH": str(4 * 1024 * 1024 + 1)}, 413),
    ],
)
def test_what_is_no_piece_is_refused(cast, signed_in, change, status):
    alice = signed_in(cast.alice)
    begin(alice)
    sent = {"content_type": PIECE, "headers": {"Upload-Offset": "0"}} | change
    assert alice.generic("PATCH", f"/uploads/{KEY}/", b"line", **sent).status_code == status
    assert Upload.objects.get().received_bytes == 0


def test_more_than_was_announced_is_refused(cast, signed_in):
    alice = signed_in(cast.alice)
    begin(alice, size=3)
    answer = send(alice, b"line", 0)
    assert (answer.status_code, answer.json()) == (
        422,
        {"error": "“trace.log” is larger than announced."},
    )


@pytest.mark.parametrize(
    ("announced", "status", "error"),
    [
        ({"size": 0}, 422, "“trace.log” is empty."),
        ({"size": 25 * 1024 * 1024 + 1}, 422, "“trace.log” is larger than 25.0\xa0MB."),
        ({"size": -1}, 400, "This file cannot be sent."),
        ({"size": "many"}, 400, "This file cannot be sent."),
        ({"name": ""}, 400, "This file cannot be sent."),
        ({"key": "1"}, 400, "This file cannot be sent."),
        ({"place": "../etc"}, 400, "This file cannot be sent."),
    ],
)
def test_what_no_message_would_take_is_refused_at_once(cast, signed_in, announced, status, error):
    answer = begin(signed_in(cast.alice), **announced)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_person_has_so_much_unsent_and_no_more(cast, signed_in, settings):
    settings.UPLOAD_LIMIT_COUNT, settings.UPLOAD_LIMIT_BYTES = 2, 20
    alice = signed_in(cast.alice)
    begin(alice, size=15)
    assert begin(alice, size=6, key=OTHER).json() == {
        "error": "At most 20\xa0bytes can wait to be sent. Send or remove some files first."
    }
    assert begin(alice, size=5, key=OTHER).status_code == 201
    assert begin(alice, size=1, key=str(uuid4())).json() == {
        "error": "2 files wait to be sent already. Send or remove some of them first."
    }
    assert begin(signed_in(cast.bob), size=15, key=str(uuid4())).status_code == 201


@pytest.mark.parametrize("person", ["bob", "olga", "tom", "ada"])
def test_it_is_its_owners_alone(cast, signed_in, person):
    begin(signed_in(cast.alice))
    other = signed_in(getattr(cast, person))
    path = f"/uploads/{KEY}/"
    statuses = [
        begin(other).status_code,
        other.get(path).status_code,
        other.head(path).status_code,
        send(other, b"line", 0).status_code,
        other.delete(path).status_code,
    ]
    assert statuses == [404] * 5
    assert Upload.objects.get().received_bytes == 0


def test_nobody_else_than_the_signed_in_and_never_without_the_token(cast, client):
    assert client.get(f"/uploads/{KEY}/").status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.alice)
    sent = [
        strict.post("/uploads/", {"id": KEY, "name": "x", "size": 1}),
        strict.patch(f"/uploads/{KEY}/", b"x", content_type=PIECE),
        strict.delete(f"/uploads/{KEY}/"),
    ]
    assert [answer.status_code for answer in sent] == [403] * 3


def test_it_can_be_thrown_away(cast, signed_in, django_capture_on_commit_callbacks):
    alice = signed_in(cast.alice)
    begin(alice)
    send(alice, b"line", 0)
    with django_capture_on_commit_callbacks(execute=True):
        assert alice.delete(f"/uploads/{KEY}/").status_code == 204
    assert (Upload.objects.count(), stored()) == (0, [])
    assert alice.delete(f"/uploads/{KEY}/").status_code == 404


# Going into a message.


def test_what_has_arrived_goes_with_the_message_beside_plain_files(
    cast, incident, signed_in, django_capture_on_commit_callbacks
):
    upload = arrived(cast.alice)
    plain = SimpleUploadedFile("plain.txt", b"plain")
    form = {"text": "Here", "uploads": [str(upload.pk)], "files": plain}
    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in(cast.alice).post(f"/incidents/{incident.reference}/messages/", form)
    assert answer.status_code == 302
    assert list(Attachment.objects.values_list("name", "size_bytes", "media_type")) == [
        ("plain.txt", 5, "text/plain"),
        ("trace.log", 9, "text/plain"),
    ]
    assert Attachment.objects.get(name="trace.log").sha256 == upload.sha256
    assert (Upload.objects.count(), stored()) == (0, [])


def test_a_message_sent_twice_takes_them_once(cast, incident, signed_in):
    upload = arrived(cast.alice)
    form = {"text": "Here", "uploads": [str(upload.pk)], "idempotency_key": KEY}
    alice = signed_in(cast.alice)
    path = f"/incidents/{incident.reference}/messages/"
    assert [alice.post(path, form).status_code for _ in range(2)] == [302, 302]
    assert Attachment.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("somebody else's", "A file is not kept any more. Please choose it again."),
        ("gone", "A file is not kept any more. Please choose it again."),
        ("nonsense", "A file is not kept any more. Please choose it again."),
        ("half", "“half.log” has not arrived completely. Please choose it again, or remove it."),
    ],
)
def test_what_is_not_there_is_said_and_the_text_stays(cast, incident, signed_in, kind, words):
    half = uploads.begin_upload(
        user=cast.alice, pk=uuid4(), name="half.log", size_bytes=9, place="", at=LATER
    )
    keys = {
        "somebody else's": str(arrived(cast.bob).pk),
        "gone": str(uuid4()),
        "nonsense": "../../etc",
        "half": str(half.pk),
    }
    answer = signed_in(cast.alice).post(
        f"/incidents/{incident.reference}/messages/", {"text": "My words", "uploads": [keys[kind]]}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "My words</textarea>" in page
    assert Attachment.objects.count() == 0
    assert Upload.objects.count() == 2


def test_a_refused_message_leaves_them_as_they_were(cast, incident, signed_in):
    upload = arrived(cast.alice)
    alice = signed_in(cast.alice)
    path = f"/incidents/{incident.reference}/messages/"
    page = alice.post(path, {"text": " ", "uploads": [str(upload.pk)]}).content.decode()
    assert f'name="uploads" value="{upload.pk}" checked' in page
    page = alice.post(path, {"text": " "}).content.decode()
    assert f'name="uploads" value="{upload.pk}">' in page
    assert alice.post(path, {"text": "x", "uploads": [str(upload.pk)]}).status_code == 302


def test_the_page_shows_its_own_and_what_is_half(cast, incident, signed_in):
    upload = arrived(cast.alice, place=incident.reference)
    arrived(cast.alice, name="elsewhere.log", place="INC-2026-999999")
    begin(signed_in(cast.alice), name="half.log", place=incident.reference)
    page = signed_in(cast.alice).get(f"/incidents/{incident.reference}/").content.decode()
    assert f'name="uploads" value="{upload.pk}" checked' in page
    assert 'data-name="half.log" data-size="9" data-received="0"' in page
    assert "elsewhere.log" not in page
    other = signed_in(cast.bob).get(f"/incidents/{incident.reference}/").content.decode()
    assert "trace.log" not in other


def test_discarding_the_draft_discards_them(cast, incident, signed_in):
    arrived(cast.alice, place=incident.reference)
    kept = arrived(cast.alice, place="filing")
    signed_in(cast.alice).post(f"/incidents/{incident.reference}/draft/", {"discard": "draft"})
    assert list(Upload.objects.all()) == [kept]


def test_claiming_needs_all_and_keeps_the_order(cast):
    first, second = arrived(cast.alice, "a.log"), arrived(cast.alice, "b.log")
    with pytest.raises(Refused), transaction.atomic():
        uploads.claim_uploads(user=cast.alice, ids=[first.pk, uuid4()])
    claimed = uploads.claim_uploads(user=cast.alice, ids=[second.pk, first.pk, second.pk])
    assert [file.name for file in claimed] == ["b.log", "a.log"]
    assert uploads.claim_uploads(user=cast.alice, ids=[]) == []
    with pytest.raises(Refused), transaction.atomic():
        uploads.claim_uploads(user=cast.alice, ids=[first.pk])


# Races and the purge.


@pytest.mark.django_db(transaction=True)
def test_one_of_two_equal_pieces_at_once_is_taken(cast):
    upload = uploads.begin_upload(
        user=cast.alice, pk=UUID(KEY), name="x", size_bytes=8, place="", at=LATER
    )
    results: list[object] = []

    def take():
        try:
            with transaction.atomic():
                see_everything()
                uploads.add_piece(
                    user=cast.alice,
                    pk=upload.pk,
                    offset=0,
                    piece=BytesIO(b"abcd"),
                    piece_bytes=4,
                    at=LATER,
                )
            results.append("taken")
        except WrongOffset as error:
            results.append(error.offset)
        finally:
            connection.close()

    together = [threading.Thread(target=take) for _ in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert sorted(results, key=str) == [4, 4, 4, "taken"]
    upload.refresh_from_db()
    assert upload.received_bytes == 4


def test_a_day_after_the_last_piece_it_is_gone(cast, django_capture_on_commit_callbacks):
    old, young = arrived(cast.alice), arrived(cast.alice)
    day = timedelta(days=1)
    Upload.objects.filter(pk=old.pk).update(touched_at=LATER - timedelta(seconds=1))
    pieces.keep_piece("left-behind", 0, BytesIO(b"x"))
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads.purge_uploads(at=LATER + day) == 1
    assert list(Upload.objects.all()) == [young]
    assert stored() == [f"uploads/{young.pk}/0", f"uploads/{young.pk}/whole"]
    assert uploads.purge_uploads(at=LATER + day) == 0


@pytest.mark.parametrize("count", [1, 3])
def test_any_number_costs_one_query(cast, django_assert_num_queries, count):
    for _ in range(count):
        arrived(cast.alice, place="here")
    with django_assert_num_queries(1):
        assert len(uploads.uploads_at(user=cast.alice, place="here")) == count
