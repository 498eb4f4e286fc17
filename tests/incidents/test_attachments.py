"""Files of messages: stored under names of our own, sent as downloads, images drawn anew."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.fields.files import FieldFile
from PIL import Image

from accounts.errors import Refused
from incidents import handlers
from incidents.actions import answering, attachments, responding
from incidents.models import Attachment
from msa import clock
from msa.checks import check_storage
from msa.outbox.models import Message as Published
from msa.wiring import HANDLERS
from tests.conftest import MONDAY_NINE
from tests.incidents.test_file_names import hostile_names

pytestmark = pytest.mark.django_db
LATER = MONDAY_NINE + timedelta(minutes=10)

DOWNLOAD = {
    "Content-Type": "application/octet-stream",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


@pytest.fixture(autouse=True)
def ten_past_nine():
    with clock.at(LATER):
        yield


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def incident(cast):
    return cast.file()


def picture():
    written = BytesIO()
    Image.new("RGB", (30, 20), (0, 90, 0)).save(written, "PNG")
    return written.getvalue()


def attached(cast, incident, *files):
    answering.answer(incident=incident, actor=cast.alice, text="Here", files=files, at=LATER)
    return list(Attachment.objects.filter(incident=incident).order_by("pk"))


def address(attachment, more=""):
    return f"/incidents/{attachment.incident.reference}/attachments/{attachment.pk}/{more}"


def fetched(client, path):
    answer = client.get(path)
    content = b"".join(answer.streaming_content) if answer.status_code == 200 else b""
    return answer, content


def draw_all():
    for message in Published.objects.filter(topic="attachment.image_stored"):
        handlers.on_image_attached(message.payload, at=LATER)


# Downloads.


@pytest.mark.parametrize(
    ("name", "content", "media_type", "disposition"),
    [
        ("scan log.txt", b"one\n", "text/plain", 'attachment; filename="scan log.txt"'),
        ("evil.html", b"<script>1</script>", "text/html", 'attachment; filename="evil.html"'),
        (
            "évil.svg",
            b"<svg onload='alert(1)'/>",
            "image/svg+xml",
            "attachment; filename*=utf-8''%C3%A9vil.svg",
        ),
        ("a.png", b"GIF89a<script>", "image/gif", 'attachment; filename="a.png"'),
        ("x.pdf", b"%PDF-1.7 ", "application/pdf", 'attachment; filename="x.pdf"'),
    ],
)
def test_every_file_is_a_download_whatever_it_is(
    cast, incident, signed_in, name, content, media_type, disposition
):
    (attachment,) = attached(
        cast, incident, SimpleUploadedFile(name, content, content_type="text/html")
    )
    answer, got = fetched(signed_in(cast.alice), address(attachment))
    assert got == content
    assert attachment.media_type == media_type
    assert {key: answer.headers[key] for key in DOWNLOAD} == DOWNLOAD
    assert answer.headers["Content-Disposition"] == disposition
    assert answer.headers["Content-Length"] == str(len(content))


@pytest.mark.parametrize(
    ("person", "status"),
    [("alice", 200), ("bob", 200), ("tom", 200), ("dana", 200), ("olga", 404), ("erik", 404)],
)
@pytest.mark.parametrize("more", ["", "preview/"])
def test_who_sees_the_incident_sees_its_files(cast, incident, signed_in, person, status, more):
    (attachment,) = attached(cast, incident, SimpleUploadedFile("a.png", picture()))
    draw_all()
    answer, _content = fetched(signed_in(getattr(cast, person)), address(attachment, more))
    assert answer.status_code == status


def test_neither_file_nor_preview_of_a_note_is_the_customers(cast, incident, signed_in):
    file = SimpleUploadedFile("inside.png", picture())
    responding.add_note(incident=incident, actor=cast.tom, text="…", at=LATER, files=[file])
    draw_all()
    attachment = Attachment.objects.get()
    assert attachment.preview
    for more in ("", "preview/"):
        assert fetched(signed_in(cast.alice), address(attachment, more))[0].status_code == 404
        assert fetched(signed_in(cast.tess), address(attachment, more))[0].status_code == 200


def test_another_incidents_address_does_not_lead_to_it(cast, incident, signed_in):
    (attachment,) = attached(cast, incident, SimpleUploadedFile("a.txt", b"x"))
    other = cast.file()
    path = f"/incidents/{other.reference}/attachments/{attachment.pk}/"
    assert signed_in(cast.alice).get(path).status_code == 404
    assert signed_in(cast.alice).post(address(attachment)).status_code == 405


# Previews.


def test_an_image_has_a_preview_once_it_is_drawn(cast, incident, signed_in):
    (attachment,) = attached(cast, incident, SimpleUploadedFile("screen.png", picture()))
    alice = signed_in(cast.alice)
    assert alice.get(address(attachment, "preview/")).status_code == 404
    assert "<img" not in alice.get(f"/incidents/{incident.reference}/").content.decode()

    draw_all()
    answer, content = fetched(alice, address(attachment, "preview/"))
    expected = DOWNLOAD | {
        "Content-Type": "image/webp",
        "Content-Disposition": 'inline; filename="preview.webp"',
        "Cache-Control": "private, max-age=3600",
    }
    assert {key: answer.headers[key] for key in expected} == expected
    drawn = Image.open(BytesIO(content))
    assert (drawn.format, drawn.size) == ("WEBP", (30, 20))
    page = alice.get(f"/incidents/{incident.reference}/").content.decode()
    assert f'<img src="{address(attachment, "preview/")}" alt="Preview of screen.png"' in page


def test_it_is_drawn_once(cast, incident):
    attached(cast, incident, SimpleUploadedFile("screen.png", picture()))
    draw_all()
    name = Attachment.objects.get().preview.name
    draw_all()
    assert Attachment.objects.get().preview.name == name


@pytest.mark.parametrize("content", [b"GIF89a<script>", picture()[:50]])
def test_what_cannot_be_drawn_stays_a_download(cast, incident, content):
    attached(cast, incident, SimpleUploadedFile("a.png", content))
    draw_all()
    assert Attachment.objects.get().preview.name == ""


def test_a_file_that_is_missing_is_no_error(cast, incident):
    (attachment,) = attached(cast, incident, SimpleUploadedFile("a.png", picture()))
    attachment.file.storage.delete(attachment.file.name)
    draw_all()
    assert Attachment.objects.get().preview.name == ""


def test_only_images_are_drawn_and_the_worker_is_told(cast, incident):
    files = [("a.png", b"text"), ("b.txt", picture()), ("c.svg", b"<svg/>")]
    attached(cast, incident, *(SimpleUploadedFile(*file) for file in files))
    told = Published.objects.filter(topic=attachments.IMAGE_ATTACHED)
    image = Attachment.objects.get(name="b.txt")
    assert [message.payload for message in told] == [{"attachment": image.pk}]
    assert HANDLERS["attachment.image_stored"] == [handlers.on_image_attached]


# Storing.


def test_the_page_shows_the_digest_short_and_whole(cast, incident, signed_in):
    attached(cast, incident, SimpleUploadedFile("a.txt", b"line one\n"))
    page = signed_in(cast.alice).get(f"/incidents/{incident.reference}/").content.decode()
    digest = Attachment.objects.get().sha256
    assert f"<code>{digest[:12]}…</code>" in page
    assert f"<code data-digest>{digest}</code>" in page


def test_one_message_has_a_limit_of_bytes(cast, incident, settings):
    settings.ATTACHMENT_LIMIT_TOTAL_BYTES = 5
    files = [SimpleUploadedFile(name, b"xyz") for name in ("a", "b")]
    with pytest.raises(Refused, match="at most 5\xa0bytes together"):
        attached(cast, incident, *files)


def test_of_hostile_names_and_contents_none_is_shown_or_leaves_its_folder(
    cast, incident, signed_in, own_folder, settings
):
    settings.ATTACHMENT_LIMIT_COUNT = 1000
    heads = [
        b"<script>alert(1)</script>",
        b"<svg onload='alert(1)'/>",
        b"GIF89a/*<script>alert(1)</script>*/",
        b"%PDF-1.7 /JS",
        b"MZ\x90\0",
        b"\xff\xd8\xff\xe0 no image",
    ]
    names = list(hostile_names(120))
    stored = attached(
        cast,
        incident,
        *(
            _raw(name, heads[number % len(heads)] + str(number).encode())
            for number, name in enumerate(names)
        ),
    )
    assert len(stored) == 120
    alice = signed_in(cast.alice)
    folder = own_folder.resolve()
    for attachment in stored:
        answer, _content = fetched(alice, address(attachment))
        assert {key: answer.headers[key] for key in DOWNLOAD} == DOWNLOAD
        assert re.match(
            r'attachment; filename(="|\*=utf-8\'\')', answer.headers["Content-Disposition"]
        )
        assert "\n" not in answer.headers["Content-Disposition"]
        path = Path(attachment.file.path).resolve()
        assert path.parent == folder / "attachments" / "2026" / "03"
        assert re.fullmatch(rf"{incident.pk}-[0-9a-f]{{16}}", path.name)
    page = alice.get(f"/incidents/{incident.reference}/").content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page


def _raw(name, content):
    """A file whose name no framework has looked at."""
    file = SimpleUploadedFile("x", content)
    vars(file)["_name"] = name
    return file


# Where files are kept.


@pytest.mark.parametrize(
    ("changed", "ids"),
    [
        ({}, []),
        ({"STORAGE_BUCKET": "desk", "STORAGE_ENDPOINT": "https://s3.example.com"}, []),
        ({"STORAGE_ENDPOINT": "https://s3.example.com"}, ["msa.E002"]),
        (
            {"STORAGE_ACCESS_KEY": "a"},
            ["msa.E002", "msa.E003"],
        ),
        ({"STORAGE_BUCKET": "desk", "STORAGE_SECRET_KEY": "a"}, ["msa.E003"]),
        ({"STORAGE_BUCKET": "desk", "STORAGE_ENDPOINT": "s3.example.com"}, ["msa.E004"]),
        (
            {"MEDIA_ROOT": Path("/srv/static/files"), "STATIC_ROOT": Path("/srv/static")},
            ["msa.E005"],
        ),
    ],
)
def test_a_storage_that_cannot_work_is_explained(settings, changed, ids):
    for name, value in changed.items():
        setattr(settings, name, value)
    assert [problem.id for problem in check_storage()] == ids


def test_no_page_bears_an_address_of_the_storage(cast, incident, signed_in, monkeypatch):
    def refuse(_self):
        raise AssertionError("the storage's own address was asked for")

    monkeypatch.setattr(FieldFile, "url", property(refuse))
    attached(cast, incident, SimpleUploadedFile("a.png", picture()))
    draw_all()
    for person in (cast.alice, cast.tom):
        assert signed_in(person).get(f"/incidents/{incident.reference}/").status_code == 200
