"""Files in a bucket: they arrive, are sent and fetched through the desk, and nothing is left."""

from datetime import timedelta
from io import BytesIO

import pytest

from incidents.models import Attachment, Upload
from msa import clock
from msa import settings as product
from tests.conftest import MONDAY_NINE
from tests.incidents.bucket import running_bucket
from tests.incidents.test_attachments import address, draw_all, fetched, picture
from tests.incidents.test_uploads import KEY, begin
from tests.incidents.test_uploads import send as send_piece

pytestmark = pytest.mark.django_db


@pytest.fixture
def bucket(settings, monkeypatch):
    with running_bucket() as (url, kept):
        monkeypatch.setattr(product, "STORAGE_BUCKET", "desk")
        monkeypatch.setattr(product, "STORAGE_ENDPOINT", url)
        monkeypatch.setattr(product, "STORAGE_REGION", "eu-west-3")
        monkeypatch.setattr(product, "STORAGE_PREFIX", "files")
        monkeypatch.setattr(product, "STORAGE_ACCESS_KEY", "key")
        monkeypatch.setattr(product, "STORAGE_SECRET_KEY", "secret")
        settings.STORAGES = settings.STORAGES | {"default": product._media_storage()}
        yield kept


def test_a_file_goes_through_a_bucket(cast, bucket, signed_in, django_capture_on_commit_callbacks):
    incident, alice, content = cast.file(), signed_in(cast.alice), picture()
    with clock.at(MONDAY_NINE + timedelta(minutes=10)):
        begin(alice, name="screen.png", size=len(content))
        send_piece(alice, content[:10], 0)
        send_piece(alice, content[10:], 10)
        assert sorted(bucket) == [
            f"/desk/files/uploads/{KEY}/{name}" for name in ("0", "10", "whole")
        ]
        form = {"text": "Here", "uploads": [KEY]}
        with django_capture_on_commit_callbacks(execute=True):
            answer = alice.post(f"/incidents/{incident.reference}/messages/", form)
        assert answer.status_code == 302
        draw_all()
        attachment = Attachment.objects.get()
        stem = f"2026/03/{incident.pk}-{attachment.sha256[:16]}"
        assert sorted(bucket) == [
            f"/desk/files/attachments/{stem}",
            f"/desk/files/previews/{stem}.webp",
        ]
        answer, got = fetched(alice, address(attachment))
        assert got == content
        assert answer.headers["Content-Disposition"] == 'attachment; filename="screen.png"'
        answer, got = fetched(alice, address(attachment, "preview/"))
        assert BytesIO(got).read(4) == b"RIFF"
        page = alice.get(f"/incidents/{incident.reference}/").content.decode()
    assert "127.0.0.1" not in page
    assert Upload.objects.count() == 0
