"""The incident's page and its acts, as each side meets them."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from incidents.actions import responding
from incidents.models import Attachment, Message
from msa import clock
from tam.models import ReplyTemplate
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
LATER = MONDAY_NINE + timedelta(minutes=10)


@pytest.fixture(autouse=True)
def ten_past_nine():
    with clock.at(LATER):
        yield


@pytest.fixture
def incident(cast):
    return cast.file("product-malfunction")


def url(incident, noun=""):
    return f"/incidents/{incident.reference}/{noun + '/' if noun else ''}"


def texts(incident):
    return list(Message.objects.filter(incident=incident).values_list("kind", "text"))


def test_both_sides_see_the_same_clock(cast, incident, signed_in):
    due = re.compile(r'data-due-at="([^"]+)"')
    pages = [
        signed_in(person).get(url(incident)).content.decode() for person in (cast.alice, cast.tom)
    ]
    assert [due.findall(page) for page in pages] == [["2026-03-02T12:00:00+00:00"]] * 2


def test_a_note_and_warnings_stay_inside(cast, incident, signed_in):
    responding.add_note(incident=incident, actor=cast.tom, text="CANARY-NOTE", at=LATER)
    assert "CANARY-NOTE" in signed_in(cast.tom).get(url(incident)).content.decode()
    assert "CANARY-NOTE" not in signed_in(cast.alice).get(url(incident)).content.decode()


@pytest.mark.parametrize("person", ["olga", "erik"])
@pytest.mark.parametrize("reference", ["INC-2026-000001", "INC-2026-999999"])
def test_foreign_and_nonexistent_look_alike(cast, incident, signed_in, person, reference):
    response = signed_in(getattr(cast, person)).get(f"/incidents/{reference}/")
    assert response.status_code == 404
    assert reference not in response.content.decode().replace(response.request["PATH_INFO"], "")


@pytest.mark.parametrize(
    ("kind", "extra", "state", "qualified"),
    [
        ("response", {"qualified": "on"}, "in_progress", True),
        ("response", {}, "received", False),
        ("question", {}, "awaiting_customer", True),
        ("solution", {}, "solution_offered", True),
        ("note", {}, "received", False),
    ],
)
def test_the_composer_does_what_its_kind_says(
    cast, incident, signed_in, kind, extra, state, qualified
):
    response = signed_in(cast.tom).post(
        url(incident, "messages"),
        {"kind": kind, "text": "Words", "seen": incident.journal_length, **extra},
    )
    assert response.status_code == 302
    incident.refresh_from_db()
    assert (incident.state, incident.responded_at is not None) == (state, qualified)


def test_a_contacts_message_is_an_answer_and_its_file_can_be_fetched(cast, incident, signed_in):
    responding.ask_customer(incident=incident, actor=cast.tom, text="Log?", at=LATER)
    client = signed_in(cast.alice)
    file = SimpleUploadedFile("../scan log.txt", b"line one\n")
    assert (
        client.post(url(incident, "messages"), {"text": "Here", "files": file}).status_code == 302
    )
    incident.refresh_from_db()
    assert incident.state == "in_progress"
    attachment = Attachment.objects.get()
    assert (attachment.name, attachment.size_bytes) == ("scan log.txt", 9)
    fetched = client.get(url(incident, f"attachments/{attachment.pk}"))
    assert b"".join(fetched.streaming_content) == b"line one\n"
    assert fetched["Content-Type"] == "application/octet-stream"
    assert fetched["Content-Disposition"] == 'attachment; filename="scan log.txt"'
    assert fetched["X-Content-Type-Options"] == "nosniff"
    fetched.close()


def test_a_file_of_a_note_is_not_the_customers(cast, incident, signed_in):
    responding.add_note(
        incident=incident,
        actor=cast.tom,
        text="…",
        at=LATER,
        files=[SimpleUploadedFile("inside.txt", b"x")],
    )
    path = url(incident, f"attachments/{Attachment.objects.get().pk}")
    assert signed_in(cast.alice).get(path).status_code == 404
    fetched = signed_in(cast.tess).get(path)
    assert fetched.status_code == 200
    fetched.close()


def test_who_was_too_late_is_told_and_keeps_the_text(cast, incident, signed_in):
    seen = incident.journal_length
    responding.ask_customer(incident=incident, actor=cast.tess, text="Which?", at=LATER)
    client = signed_in(cast.tom)
    response = client.post(
        url(incident, "messages"), {"kind": "note", "text": "My own words", "seen": seen}
    )
    assert response.status_code == 302  # a note disturbs nobody
    response = client.post(
        url(incident, "messages"), {"kind": "solution", "text": "My own words", "seen": seen}
    )
    page = response.content.decode()
    assert response.status_code == 409
    assert "Meanwhile Tess acted on this incident." in page
    assert "My own words</textarea>" in page
    again = re.search(r'name="seen" value="(\d+)"', page)
    assert again is not None
    response = client.post(
        url(incident, "messages"),
        {"kind": "solution", "text": "My own words", "seen": again[1]},
    )
    assert response.status_code == 302
    assert texts(incident)[-1] == ("solution", "My own words")


@pytest.mark.parametrize(
    ("person", "noun", "data", "message"),
    [
        ("tom", "messages", {"kind": "response", "text": " "}, "This field is required."),
        ("alice", "messages", {"text": ""}, "This field is required."),
        ("tom", "severity", {"severity": "7", "text": "why"}, "7 is not one of the available"),
        ("tom", "calls", {"caller": "0", "text": "rang"}, "Select a valid choice."),
        ("alice", "escalations", {"text": ""}, "This field is required."),
    ],
)
def test_bad_input_is_named(cast, incident, signed_in, person, noun, data, message):
    before = texts(incident)
    response = signed_in(getattr(cast, person)).post(url(incident, noun), data)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert texts(incident) == before


def test_the_acts_pages_do_what_they_say(cast, incident, signed_in):
    tom, alice = signed_in(cast.tom), signed_in(cast.alice)
    code = cast.bob.contact_slots.get().call_in_code
    steps = [
        (tom, "severity", {"severity": "1", "text": "The network is down."}, "received"),
        (tom, "workarounds", {"text": "Restart the service."}, "received"),
        (
            tom,
            "calls",
            {"caller": cast.bob.pk, "code": code, "text": "Talked.", "qualified": "on"},
            "in_progress",
        ),
        (alice, "escalations", {"text": "Hurry."}, "in_progress"),
        (tom, "messages", {"kind": "solution", "text": "Update."}, "solution_offered"),
        (alice, "refusals", {"text": "Still slow."}, "in_progress"),
        (tom, "messages", {"kind": "question", "text": "Since when?"}, "awaiting_customer"),
        (tom, "retractions", {"text": ""}, "in_progress"),
        (tom, "messages", {"kind": "solution", "text": "Update again."}, "solution_offered"),
        (alice, "acceptance", {}, "closed"),
        (alice, "reopenings", {"text": "It is back."}, "in_progress"),
        (alice, "withdrawal", {"text": ""}, "closed"),
    ]
    reached = []
    for client, noun, data, _state in steps:
        response = client.post(url(incident, noun), data)
        assert (noun, response.status_code) == (noun, 302)
        incident.refresh_from_db()
        reached.append(incident.state)
    assert reached == [state for *_, state in steps]
    assert incident.severity == 2


@pytest.mark.parametrize(("noun", "extra"), [("messages", {"kind": "note"}), ("workarounds", {})])
def test_a_form_sent_twice_is_taken_once(cast, incident, signed_in, noun, extra):
    client = signed_in(cast.tom)
    form = {"text": "Once", "idempotency_key": "7b5bb8f4-6a1e-4c59-9d0c-0a6c5d9b1f11", **extra}
    assert [client.post(url(incident, noun), form).status_code for _ in range(2)] == [302, 302]
    assert [text for _, text in texts(incident)] == ["It happens every morning.", "Once"]


def test_other_words_under_the_same_key_are_another_message(cast, incident, signed_in):
    client = signed_in(cast.tom)
    for text in ("First", "Second"):
        client.post(
            url(incident, "messages"),
            {
                "kind": "note",
                "text": text,
                "idempotency_key": "7b5bb8f4-6a1e-4c59-9d0c-0a6c5d9b1f11",
            },
        )
    assert [text for _, text in texts(incident)][1:] == ["First", "Second"]


def test_an_escalation_goes_one_level_above_what_was_seen(cast, incident, signed_in):
    client = signed_in(cast.alice)
    form = {"text": "Hurry.", "from_level": "0"}
    answers = [client.post(url(incident, "escalations"), form).status_code for _ in range(3)]
    assert answers == [302, 409, 409]
    assert list(incident.escalations.values_list("level", flat=True)) == [1]


def test_a_contact_cannot_count_notes(cast, incident, signed_in):
    page = signed_in(cast.alice).get(url(incident)).content.decode()
    assert 'name="seen"' not in page


@pytest.mark.parametrize("name", ["!!!", "😀", "~"])
def test_a_file_whose_name_cannot_be_kept_is_called_file(cast, incident, signed_in, name):
    form = {"text": "Here", "files": SimpleUploadedFile(name, b"x")}
    assert signed_in(cast.alice).post(url(incident, "messages"), form).status_code == 302
    assert Attachment.objects.get().name == "file"


def test_a_page_of_an_act_that_is_not_theirs_is_forbidden(cast, incident, signed_in):
    assert signed_in(cast.alice).get(url(incident, "severity")).status_code == 403
    assert signed_in(cast.tom).get(url(incident, "withdrawal")).status_code == 403


def test_scripts_in_words_are_words(cast, incident, signed_in):
    attack = "<script>alert(1)</script> [x](javascript:alert(1)) ![i](http://evil.example/i.png)"
    responding.respond(incident=incident, actor=cast.tom, text=attack, at=LATER)
    page = signed_in(cast.alice).get(url(incident)).content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<img" not in page


def test_the_page_costs_the_same_at_any_length(
    cast, incident, signed_in, django_assert_num_queries
):
    client = signed_in(cast.alice)
    client.get(url(incident))

    def queries():
        with django_assert_num_queries(21):
            client.get(url(incident))

    queries()
    for minute in range(3):
        responding.respond(
            incident=incident,
            actor=cast.tom,
            text="…",
            at=LATER + timedelta(minutes=minute),
            files=[SimpleUploadedFile("a.txt", b"a")],
        )
    queries()


def words_of(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


def test_the_script_is_told_the_persons_zone(cast, incident, signed_in):
    cast.tom.timezone = "Asia/Tokyo"
    cast.tom.save()
    page = signed_in(cast.tom).get(url(incident)).content.decode()
    assert re.findall(r'<html[^>]* data-timezone="([^"]+)"', page) == ["Asia/Tokyo"]


def test_staff_read_the_customer_and_the_manager_once(cast, incident, signed_in):
    staff, contact = (
        words_of(signed_in(person).get(url(incident))).partition(" Details ")[2]
        for person in (cast.tom, cast.alice)
    )
    assert staff.startswith("Category ")
    assert contact.startswith("Customer Acme Certificate MSA-1 Category ")
    assert staff.endswith(
        "Technical account manager Tom tom@northlight.example Tess Deputy"
        " Priority line +33 1 99 00 41 10"
    )


@pytest.mark.parametrize(("query", "is_open"), [("", False), ("?act=ask", True)])
def test_points_are_folded_until_one_asks(cast, incident, signed_in, query, is_open):
    page = signed_in(cast.tom).get(url(incident) + query).content.decode()
    assert re.findall(r"<details[^>]*points-field[^>]*?( open)? data-points", page) == [
        " open" if is_open else ""
    ]


def test_points_that_were_written_are_not_folded(cast, incident, signed_in):
    form = {"kind": "response", "text": "", "points": "x" * 600}
    page = signed_in(cast.tom).post(url(incident, "messages"), form).content.decode()
    assert re.findall(r"<details[^>]*points-field[^>]*?( open)? data-points", page) == [" open"]


def test_send_is_the_first_button_and_the_next_one_beside_it(cast, incident, signed_in):
    page = signed_in(cast.tom).get(url(incident)).content.decode()
    foot = page.partition('class="composer-foot"')[2].partition('class="composer-more"')[0]
    assert re.findall(r'type="submit"( name="next")?', foot) == ["", ' name="next"']
    before = page.partition('id="composer"')[2].partition('class="composer-foot"')[0]
    assert 'type="submit"' not in before


def test_templates_are_chosen_only_where_there_are_some(cast, incident, signed_in):
    tom, path = signed_in(cast.tom), url(incident, "writing")
    before = tom.get(path, headers={"HX-Request": "true"}).content.decode()
    ReplyTemplate.objects.create(
        owner=cast.tom,
        name="Greeting",
        kind="response",
        texts={"en": "Hello"},
        changed_at=LATER,
        changed_by=cast.tom,
    )
    after = tom.get(path, headers={"HX-Request": "true"}).content.decode()
    assert ['name="template"' in shown for shown in (before, after)] == [False, True]
    assert ['href="/templates/"' in shown for shown in (before, after)] == [True, True]
