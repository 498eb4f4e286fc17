"""The filing page: what it promises, what it takes and what it refuses."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Product
from incidents.models import Incident
from msa import clock
from tests.conftest import MONDAY_NINE
from tests.incidents.filing_page import (
    PAGE,
    PROMISE,
    another_certificate,
    errors,
    form_of,
    look,
    promise,
    send,
    words,
)

pytestmark = pytest.mark.django_db

SATURDAY = datetime(2026, 3, 7, 11, 0, tzinfo=UTC)  # noon in Paris, closed
FRIDAY_LATE = datetime(2026, 3, 6, 16, 59, 59, tzinfo=UTC)  # a second before six in Paris
FRIDAY_SIX = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)


# What is filed.


def test_a_contact_files(signed_in, cast):
    answer = send(signed_in(cast.alice), form_of(cast, title="  Scans  stop\nhalf-way "))

    incident = Incident.objects.get()
    assert (answer.status_code, answer.url) == (302, "/incidents/INC-2026-000001/filed/")
    assert (incident.author, incident.certificate, incident.product) == (
        cast.alice,
        cast.certificate,
        cast.product,
    )
    assert (incident.title, incident.product_version) == ("Scans stop half-way", "12.4")
    assert (incident.channel, incident.severity) == ("portal", 2)
    assert incident.received_at == MONDAY_NINE
    assert incident.messages.get().text == "Since this morning, on every machine."
    with clock.at(MONDAY_NINE):
        page = signed_in(cast.alice).get(answer.url)
    assert page.status_code == 200


def test_the_next_page_says_under_which_reference(signed_in, cast):
    client = signed_in(cast.alice)
    with clock.at(MONDAY_NINE):
        page = client.post(PAGE, form_of(cast), follow=True)

    assert page.redirect_chain == [("/incidents/INC-2026-000001/filed/", 302)]
    assert "Filed as INC-2026-000001" in words(page)


def test_answers_to_a_categorys_own_questions_stand_below_the_report(signed_in, cast):
    cast.alice.language = "fr"
    cast.alice.save()
    fields = form_of(
        cast,
        "malware-outbreak",
        **{
            "extra-hashes": " 9e107d9d372bb6826bd81d3542a419d6 ",
            "extra-databases-released": "2026-03-01",
            "extra-affected": "many",
        },
    )
    send(signed_in(cast.alice), fields)

    assert Incident.objects.get().messages.get().text == (
        "Since this morning, on every machine.\n"
        "\n"
        "- Ou ses empreintes (MD5, SHA-1 ou SHA-256): 9e107d9d372bb6826bd81d3542a419d6\n"
        "- Date de publication des bases utilisées: 2026-03-01\n"
        "- Combien de machines sont touchées ? 11 à 100"
    )


def test_files_of_the_message_and_of_the_category_go_along(signed_in, cast):
    fields = form_of(cast, "malware-false-alarm") | {
        "product": "",
        "extra-sample": SimpleUploadedFile("payroll.exe", b"MZ"),
        "files": [SimpleUploadedFile("a.log", b"one"), SimpleUploadedFile("b.log", b"three")],
    }

    assert send(signed_in(cast.alice), fields).status_code == 302

    message = Incident.objects.get().messages.get()
    assert [(file.name, file.size_bytes) for file in message.attachments.all()] == [
        ("a.log", 3),
        ("b.log", 5),
        ("payroll.exe", 2),
    ]
    assert message.text == "Since this morning, on every machine.\n\n- The file itself: payroll.exe"


# What is promised.


@pytest.mark.parametrize(
    ("category", "at", "expected"),
    [
        (
            "product-network-down",
            MONDAY_NINE,
            "Severity by this category Critical Qualified response at the latest "
            "2 Mar 2026 16:30 CST Paris: 2 Mar 2026 09:30 CET",
        ),
        (
            "product-malfunction",
            FRIDAY_LATE,
            "Severity by this category High Qualified response at the latest "
            "7 Mar 2026 04:59 CST Paris: 6 Mar 2026 21:59 CET",
        ),
        (
            "product-partial",
            datetime(2026, 3, 6, 11, 0, tzinfo=UTC),
            "Severity by this category Medium Qualified response at the latest "
            "7 Mar 2026 01:00 CST Paris: 6 Mar 2026 18:00 CET",
        ),
        (
            "service-information",
            SATURDAY,
            "Severity by this category Low Qualified response at the latest "
            "10 Mar 2026 00:00 CST Paris: 9 Mar 2026 17:00 CET",
        ),
    ],
)
def test_the_promise_stands_in_both_zones_before_anything_is_sent(
    signed_in, cast, category, at, expected
):
    cast.alice.timezone = "Asia/Shanghai"
    cast.alice.save()
    client = signed_in(cast.alice)
    rest = (
        " The response is a first analysis by a specialist or a question for what is missing. "
        "It need not be a solution yet. Show what we promise"
    )

    assert promise(client, at, category=category) == expected + rest
    assert expected + rest in words(look(client, at, category=category))


@pytest.mark.parametrize(
    ("category", "at", "due"),
    [
        ("product-network-down", SATURDAY, "9 Mar 2026 09:30 CET"),
        ("product-malfunction", FRIDAY_SIX, "9 Mar 2026 13:00 CET"),
    ],
)
def test_where_a_call_is_required_the_number_stands_in_the_promise(
    signed_in, cast, category, at, due
):
    shown = promise(signed_in(cast.alice), at, category=category)

    assert (
        f"Paris: {due} Our office is closed. At this severity the time to answer starts with "
        in (shown)
    )
    assert (
        "your call. +33 1 99 00 41 10 Without a call it starts when the office opens: 09:00 · 9 Mar"
    ) in shown


def test_without_a_choice_the_page_says_what_to_choose(signed_in, cast):
    asked = "Choose what it is about, and you read here by when we answer."
    assert asked in words(look(signed_in(cast.alice)))
    assert promise(signed_in(cast.alice), MONDAY_NINE, category="unheard-of").startswith(asked)


def test_a_severity_without_a_promise_is_said_and_taken(signed_in, cast):
    cast.certificate.programme.severities.filter(severity=4).update(response_minutes=None)
    client = signed_in(cast.alice)

    shown = promise(client, MONDAY_NINE, category="product-other")
    answer = send(client, form_of(cast, "product-other"))

    assert shown.startswith("Your agreement names no time for an answer at this severity.")
    assert answer.status_code == 302
    incident = Incident.objects.get()
    assert (incident.severity, incident.clocks.count()) == (4, 0)
    page = words(client.get(incident.get_absolute_url()))
    assert "No time for an answer is promised at this severity." in page


def test_whoever_has_not_seen_the_promise_is_shown_it_first(signed_in, cast):
    client = signed_in(cast.alice)
    fields = form_of(cast, "product-network-down", promised="")

    shown = send(client, fields, SATURDAY)

    assert (shown.status_code, Incident.objects.count()) == (200, 0)
    assert "Please read by when we answer, then file it." in words(shown)
    assert "+33 1 99 00 41 10" in words(shown)
    again = {name: shown.context["form"][name].value() for name in fields if name != "promised"}
    assert {**again, "product": int(again["product"])} | {"promised": ""} == {
        **fields,
        "certificate": str(cast.certificate.pk),
    }
    mark = re.search(r'name="promised" value="([^"]*)"', shown.content.decode())
    assert mark is not None
    assert send(client, {**again, "promised": mark[1]}, SATURDAY).status_code == 302


def test_without_the_script_a_button_shows_the_promise_and_keeps_the_text(signed_in, cast):
    shown = send(
        signed_in(cast.alice),
        {"category": "product-network-down", "text": "Everything stands.", "show": "promise"},
        SATURDAY,
    )

    assert (shown.status_code, errors(shown)) == (200, {})
    assert "9 Mar 2026 09:30 CET" in words(shown)
    assert "Everything stands." in words(shown)


def test_the_questions_follow_the_category(signed_in, cast):
    with clock.at(MONDAY_NINE):
        plain = signed_in(cast.alice).get(PROMISE, {"category": "product-other"})
        outbreak = signed_in(cast.alice).get(PROMISE, {"category": "malware-outbreak"})

    def asked(response) -> list[str]:
        return re.findall(r'name="(extra-[\w-]+)"', response.content.decode())

    assert (asked(plain), asked(outbreak)) == (
        [],
        ["extra-sample", "extra-hashes", "extra-databases-released", "extra-affected"],
    )


# What is refused, with everything kept.


def test_what_is_missing_is_named_and_what_is_typed_is_kept(signed_in, cast):
    answer = send(
        signed_in(cast.alice),
        form_of(cast, title="", product="", text="A long story.", product_version="9.9")
        | {"files": [SimpleUploadedFile("trace.log", b"x")]},
    )

    required = ["This field is required."]
    assert (answer.status_code, errors(answer)) == (422, {"title": required, "product": required})
    body = words(answer)
    assert "A long story." in body
    assert "Browsers do not keep files. Please choose again: trace.log" in body
    assert 'value="9.9"' in answer.content.decode()
    assert Incident.objects.count() == 0


def test_too_many_and_empty_files_are_named(signed_in, cast):
    many = [SimpleUploadedFile(f"{number}.log", b"x") for number in range(11)]

    answer = send(signed_in(cast.alice), form_of(cast) | {"files": many})

    assert errors(answer) == {"files": ["At most 10 files go with one message."]}


@pytest.mark.parametrize("field", ["certificate", "product", "category"])
def test_what_belongs_to_others_is_refused_like_what_does_not_exist(signed_in, cast, field):
    foreign = {
        "certificate": cast.globex_certificate.pk,
        "product": Product.objects.create(name="Northlight Central").pk,
        "category": "unheard-of",
    }[field]
    client = signed_in(cast.alice)

    of_others = errors(send(client, form_of(cast) | {field: foreign}))
    of_nobody = errors(send(client, form_of(cast) | {field: "987654321"}))

    def message(value: object) -> list[str]:
        return [f"Select a valid choice. {value} is not one of the available choices."]

    assert of_others[field] == message(foreign)
    assert of_nobody[field] == message("987654321")
    assert Incident.objects.count() == 0


def test_a_product_of_another_certificate_is_refused(signed_in, cast):
    other = another_certificate(cast)

    answer = send(signed_in(cast.alice), form_of(cast, certificate=other.pk))

    assert list(errors(answer)) == ["product"]


def test_an_ended_certificate_is_refused_before_a_line_is_typed(signed_in, cast):
    cast.certificate.valid_until = date(2026, 3, 1)
    cast.certificate.save()

    page = look(signed_in(cast.alice))

    assert "Nothing can be filed now Certificate MSA-1 ended on March 1, 2026." in words(page)
    assert 'href="mailto:tom@northlight.example"' in page.content.decode()
    assert "<textarea" not in page.content.decode()
    answer = send(signed_in(cast.alice), form_of(cast))
    assert errors(answer)["certificate"] == ["Certificate MSA-1 ended on March 1, 2026."]


def test_among_several_certificates_the_ended_one_cannot_be_chosen(signed_in, cast):
    ended = another_certificate(cast, valid_until=date(2026, 2, 28))

    page = look(signed_in(cast.alice)).content.decode()

    radios = re.findall(r'<input type="radio" name="certificate"[^>]*>', page)
    assert [("disabled" in radio, "checked" in radio) for radio in radios] == [
        (False, True),
        (True, False),
    ]
    assert "Certificate MSA-3 ended on Feb. 28, 2026." in page
    answer = send(signed_in(cast.alice), form_of(cast, certificate=ended.pk))
    assert errors(answer)["certificate"] == ["Certificate MSA-3 ended on Feb. 28, 2026."]


def test_products_follow_the_certificate(signed_in, cast):
    other = another_certificate(cast)
    client = signed_in(cast.alice)

    def offered(certificate: str = "") -> list[str]:
        form = look(client, certificate=certificate).context["form"]
        return [label for _, label in form.fields["product"].choices][1:]

    assert offered() == ["Northlight Endpoint", "Northlight Mail Gateway"]
    assert offered(str(other.pk)) == ["Northlight Mail Gateway"]


def test_an_incident_that_is_no_products_needs_no_product(signed_in, cast):
    answer = send(signed_in(cast.alice), form_of(cast, "service-request", product=""))

    assert answer.status_code == 302
    assert Incident.objects.get().product is None


def test_a_used_up_quota_is_refused(signed_in, cast):
    cast.certificate.programme.incidents_per_year = 1
    cast.certificate.programme.save()
    cast.file()

    answer = send(signed_in(cast.alice), form_of(cast))

    assert errors(answer)["certificate"] == [
        "Certificate MSA-1 has no incident left in this contract year."
    ]


def test_a_colleague_whom_the_certificate_does_not_name_cannot_choose_it(signed_in, cast):
    other = another_certificate(cast)

    answer = send(signed_in(cast.bob), form_of(cast, certificate=other.pk))

    assert errors(answer)["certificate"] == [
        f"Select a valid choice. {other.pk} is not one of the available choices."
    ]


@pytest.mark.parametrize("person", ["alice", "tom"])
def test_the_page_asks_as_often_for_many_certificates_as_for_two(signed_in, cast, person):
    client = signed_in(getattr(cast, person))
    another_certificate(cast)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            look(client, category="malware-outbreak")
        return len(captured)

    for_few = count()
    another_certificate(cast, "MSA-4")
    another_certificate(cast, "MSA-5")

    assert count() == for_few


def test_a_later_second_counts(signed_in, cast):
    """What counts is when the request arrived, not what the page had promised before."""
    client = signed_in(cast.alice)

    send(client, form_of(cast, "product-network-down"), FRIDAY_LATE)
    send(client, form_of(cast, "product-network-down"), FRIDAY_LATE + timedelta(seconds=1))

    due = [incident.clocks.get().due_at for incident in Incident.objects.order_by("pk")]
    assert due == [
        datetime(2026, 3, 6, 17, 29, 59, tzinfo=UTC),
        datetime(2026, 3, 9, 8, 30, tzinfo=UTC),
    ]
