"""What every request passes: a NUL in a query or a form is refused before anything reads it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client

from accounts.models import User
from incidents.models import Attachment
from incidents.views.composer import MessageForm

pytestmark = pytest.mark.django_db

IN_MEMORY = 2_621_440  # bytes of a file that Django keeps in memory: larger ones go to the disk


@pytest.mark.parametrize(
    "address",
    ["/queue/next/?after=%00", "/complaints/new/?incident=%00", "/queue/?q=a%00b", "/queue/?%00=1"],
)
def test_a_nul_in_a_query_is_refused(cast, signed_in, address):
    assert signed_in(cast.tom).get(address).status_code == 400


def test_a_percent_sign_is_none(cast, signed_in):
    assert signed_in(cast.tom).get("/queue/?q=%2500").status_code == 200


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/templates/new/", {"name": "a\0b"}),
        ("/templates/new/", {"text-en": "\0"}),
        ("/queue/bulk/", {"incident": ["x", "\0"], "act": "follow"}),
        ("/complaints/new/", {"reference": "\0"}),
        ("/templates/new/", {"\0": "x"}),
    ],
)
def test_a_nul_in_a_form_is_refused(cast, signed_in, address, fields):
    assert signed_in(cast.tom).post(address, fields).status_code == 400


def test_so_is_one_in_a_form_that_is_no_multipart(cast, signed_in):
    form, kind = "name=a%00b", "application/x-www-form-urlencoded"
    assert signed_in(cast.tom).post("/templates/new/", form, kind).status_code == 400


def test_strangers_are_refused_alike():
    assert Client().post("/sign-in/", {"username": "\0", "password": "x"}).status_code == 400
    assert Client().get("/sign-in/?next=%00").status_code == 400


def test_the_token_and_the_sign_in_come_first():
    assert Client().get("/queue/?q=%00").status_code == 302
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/sign-in/", {"username": "\0", "password": "x"}).status_code == 403


def test_it_is_said_in_the_persons_language(cast, signed_in):
    User.objects.filter(pk=cast.tom.pk).update(language="ru")
    page = signed_in(cast.tom).get("/queue/?q=%00")
    assert (page.status_code, page.headers["Content-Language"]) == (400, "ru")
    assert '<html lang="ru"' in page.content.decode()


def test_files_may_hold_what_they_like_and_stay_on_the_disk(cast, signed_in, monkeypatch):
    incident, taken = cast.file(), []
    plain = MessageForm.__init__

    def noting(form, data, files, **options):
        taken.extend(files.getlist("files"))
        plain(form, data, files, **options)

    monkeypatch.setattr(MessageForm, "__init__", noting)
    large = SimpleUploadedFile("dump.txt", b"\0" * (IN_MEMORY + 1), "text/plain")
    form = {"kind": "note", "text": "The dump.", "files": [large]}
    path = f"/incidents/{incident.reference}/messages/"
    assert signed_in(cast.tom).post(path, form).status_code == 302
    assert [type(each) for each in taken] == [TemporaryUploadedFile]
    assert Attachment.objects.get().size_bytes == IN_MEMORY + 1
