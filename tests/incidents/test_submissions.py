"""Nothing typed is lost, and a form sent twice files once, also at once."""

from contextvars import copy_context
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from accounts.errors import Refused
from accounts.tenancy import staff_transaction
from incidents.actions.submissions import once
from incidents.models import Incident, Submission
from msa import clock
from tests.conftest import MONDAY_NINE, make_cast
from tests.incidents.filing_page import (
    PAGE,
    PROMISE,
    form_of,
    look,
    send,
    words,
)

pytestmark = pytest.mark.django_db


def test_a_form_sent_twice_files_once(signed_in, cast):
    client = signed_in(cast.alice)
    fields = form_of(cast)

    first, second = send(client, fields), send(client, fields)

    assert first.url == second.url == "/incidents/INC-2026-000001/filed/"
    assert Incident.objects.count() == 1


def test_the_same_page_with_another_text_is_another_incident(signed_in, cast):
    client = signed_in(cast.alice)
    fields = form_of(cast)

    urls = [
        send(client, changed).url
        for changed in (
            fields,
            fields | {"text": "Something else."},
            fields | {"files": [SimpleUploadedFile("a.log", b"x")]},
            fields,
        )
    ]

    assert urls == [f"/incidents/INC-2026-{number:06d}/filed/" for number in (1, 2, 3, 1)]


def test_the_key_of_somebody_else_leads_nowhere(signed_in, cast):
    fields = form_of(cast)

    urls = [send(signed_in(person), fields).url for person in (cast.alice, cast.bob)]

    assert urls == ["/incidents/INC-2026-000001/filed/", "/incidents/INC-2026-000002/filed/"]


def test_a_refused_act_leaves_its_key_free(cast):
    key = uuid4()

    def refuse() -> str:
        raise Refused("No.")

    with pytest.raises(Refused):
        once(user=cast.alice, key=key, at=MONDAY_NINE, act=refuse)
    assert Submission.objects.count() == 0
    assert once(user=cast.alice, key=key, at=MONDAY_NINE, act=lambda: "/there/") == "/there/"
    assert once(user=cast.alice, key=key, at=MONDAY_NINE, act=refuse) == "/there/"


@pytest.mark.django_db(transaction=True)
def test_a_double_click_files_once():
    with staff_transaction():
        cast = make_cast()
    fields, barrier, urls = form_of(cast), Barrier(2), []

    def click(client: Client) -> None:
        try:
            barrier.wait()
            urls.append(client.post(PAGE, fields).headers["Location"])
        finally:
            connection.close()

    clients = [Client(), Client()]
    for client in clients:
        client.force_login(cast.alice)
    with clock.at(MONDAY_NINE):
        threads = [Thread(target=copy_context().run, args=(click, client)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert urls == ["/incidents/INC-2026-000001/filed/"] * 2
    with staff_transaction():
        assert Incident.objects.count() == 1


def test_after_the_sessions_end_what_was_typed_waits_behind_the_sign_in(client, cast):
    fields = form_of(cast, "product-network-down", writer=str(cast.alice.pk))

    away = send(client, fields)
    client.force_login(cast.alice)
    page = look(client)

    assert away.url == "/sign-in/?next=/incidents/new/"
    form = page.context["form"]
    assert {name: form[name].value() for name in ("category", "title", "text", "product")} == {
        "category": "product-network-down",
        "title": "Scans stop half-way",
        "text": "Since this morning, on every machine.",
        "product": str(cast.product.pk),
    }
    assert "You had been signed out. What you typed is still here" in words(page)
    assert page.context["unsaved"] is True
    assert "Since this morning" not in words(look(client))


def test_somebody_else_who_signs_in_there_never_reads_it(client, cast):
    send(client, form_of(cast, writer=str(cast.alice.pk)))
    client.force_login(cast.olga)

    assert "Since this morning" not in words(look(client))


def test_without_a_session_no_more_is_kept_than_a_form_holds(client, cast):
    send(client, form_of(cast, writer=str(cast.alice.pk), text="x" * 100_001))

    assert "held_filing" not in client.session


def test_after_the_sessions_end_the_promise_says_so(client, cast):
    answer = client.get(PROMISE, {"category": "product-other"})

    assert words(answer) == (
        "You have been signed out. Send the form all the same: you sign in again, "
        "and what you typed is still there."
    )


def test_the_text_is_also_kept_in_the_browser(signed_in, cast):
    page = look(signed_in(cast.alice)).content.decode()

    assert f'data-draft-key="file-{cast.alice.pk}"' in page
