"""Reply templates: written once, in the customers' languages, filled in or refused."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Office, User
from incidents.actions import responding
from incidents.models import Draft
from msa import clock
from tam.models import ReplyTemplate
from tam.placeholders import PLACEHOLDERS
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
LATER = MONDAY_NINE + timedelta(minutes=10)


@pytest.fixture(autouse=True)
def ten_past_nine():
    with clock.at(LATER):
        yield


@pytest.fixture
def incident(cast):
    return cast.file()


def make(owner=None, office=None, kind="response", name="Greeting", **texts):
    return ReplyTemplate.objects.create(
        name=name,
        kind=kind,
        owner=owner,
        office=office,
        texts={code.replace("_", "-"): text for code, text in texts.items()},
        changed_at=MONDAY_NINE,
    )


def form_of(**fields):
    return {"name": "Greeting", "kind": "response", "text-en": "Hello {contact}"} | fields


def words(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def insert(client, incident, template, *, script=True, **composer):
    headers = {"HX-Request": "true"} if script else {}
    return client.post(
        f"/incidents/{incident.reference}/insertions/",
        {"template": template if isinstance(template, str) else template.pk, **composer},
        headers=headers,
    )


# Filling in.


def test_every_placeholder_is_filled_in(cast, incident, signed_in):
    text = "\n".join(f"{name}: {{{name}}}" for name in PLACEHOLDERS)
    answer = insert(signed_in(cast.tom), incident, make(en=text)).json()
    assert answer == {
        "text": "contact: Alice\n"
        "customer: Acme\n"
        f"reference: {incident.reference}\n"
        "title: Scans stop half-way\n"
        "severity: High\n"
        "product: Northlight Endpoint 12.4\n"
        "due: 13:00 · March 2, 2026 (Europe/Paris)\n"
        "certificate: MSA-1\n"
        "tam: Tom\n"
        "office: Paris\n"
        "phone: +33 1 99 00 41 10\n"
        "vendor: Northlight\n"
        "me: Tom",
        "kind": "response",
        "note": "",
    }


def test_instants_stand_in_the_contacts_zone_and_the_offices(cast, incident, signed_in):
    User.objects.filter(pk=cast.alice.pk).update(timezone="Asia/Shanghai")
    User.objects.filter(pk=cast.tom.pk).update(timezone="America/New_York")
    answer = insert(signed_in(cast.tom), incident, make(en="{due}")).json()
    assert answer["text"] == (
        "20:00 · March 2, 2026 (Asia/Shanghai), your time; "
        "13:00 · March 2, 2026 (Europe/Paris), at our office"
    )


@pytest.mark.parametrize(
    ("texts", "language", "text", "note"),
    [
        ({"en": "Hello", "ru": "Привет"}, "ru", "Привет", ""),
        (
            {"en": "Hello", "fr": "Bonjour"},
            "ru",
            "Hello",
            "This template has no text in the customer's language (Russian): English instead.",
        ),
        (
            {"fr": "Bonjour"},
            "en",
            "Bonjour",
            "This template has no text in the customer's language (English): French instead.",
        ),
    ],
)
def test_the_text_is_in_the_incidents_language_or_it_is_said(
    cast, incident, signed_in, texts, language, text, note
):
    incident.language = language
    incident.save(update_fields=["language"])
    answer = insert(signed_in(cast.tom), incident, make(**texts)).json()
    assert (answer["text"], answer["note"]) == (text, note)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "Dear {contact}, {nonsense} {other}",
            "There is no placeholder {nonsense}, {other}. Those there are stand in the list.",
        ),
        ("Due {due}", "This incident has nothing to put for {due}."),
    ],
)
def test_what_cannot_be_filled_in_is_never_printed(cast, incident, signed_in, text, error):
    responding.respond(incident=incident, actor=cast.tom, text="…", at=LATER)
    incident.clocks.update(ended_at=LATER)
    tom, template = signed_in(cast.tom), make(en=text)
    response = insert(tom, incident, template)
    assert (response.status_code, response.json()) == (422, {"error": error})
    insert(tom, incident, template, script=False)
    assert not Draft.objects.exists()
    page = tom.get(f"/incidents/{incident.reference}/templates/")
    assert error in words(page)


@pytest.mark.parametrize("template", ["", "x", "999999", "٣", "9" * 5000])
def test_a_template_that_there_is_not_is_no_error_of_ours(cast, incident, signed_in, template):
    assert insert(signed_in(cast.tom), incident, template).status_code == 422


# Without a script: through the draft.


def test_without_a_script_the_text_comes_below_what_was_typed(cast, incident, signed_in):
    tom, template = signed_in(cast.tom), make(kind="question", en="Dear {contact}", fr="Cher")
    base = f"/incidents/{incident.reference}"
    typed = {"kind": "note", "text": "Mine", "points": "Which?"}
    response = tom.post(f"{base}/templates/", typed)
    assert response.headers["Location"] == f"{base}/templates/"
    page = words(tom.get(f"{base}/templates/"))
    assert "Dear Alice" in page
    response = insert(tom, incident, template, script=False, from_draft="yes")
    assert response.headers["Location"] == f"{base}/"
    draft = Draft.objects.get()
    assert (draft.kind, draft.text, draft.points) == (
        "question",
        "Mine\n\nDear Alice",
        ["Which?"],
    )
    page = tom.get(f"{base}/").content.decode()
    assert "Mine\n\nDear Alice</textarea>" in page


# Writing them.


def test_a_template_is_written_changed_and_deleted(cast, signed_in):
    tom = signed_in(cast.tom)
    assert "There are no templates yet." in words(tom.get("/templates/"))
    response = tom.post("/templates/new/", form_of(**{"text-fr": "Bonjour {contact}"}))
    assert response.headers["Location"] == "/templates/"
    template = ReplyTemplate.objects.get()
    assert (template.owner, template.office, template.texts) == (
        cast.tom,
        None,
        {"en": "Hello {contact}", "fr": "Bonjour {contact}"},
    )
    page = tom.get(f"/templates/{template.pk}/").content.decode()
    assert "Bonjour {contact}</textarea>" in page
    tom.post(f"/templates/{template.pk}/", form_of(name="Welcome", shared="on"))
    template.refresh_from_db()
    assert (template.name, template.owner, template.office) == ("Welcome", None, cast.office)
    assert "Shared: Paris" in words(tom.get("/templates/"))
    assert tom.post(f"/templates/{template.pk}/deletion/").status_code == 302
    assert not ReplyTemplate.objects.exists()


def test_a_form_that_is_sent_thrice_makes_one_template(cast, signed_in):
    tom = signed_in(cast.tom)
    page = tom.get("/templates/new/").content.decode()
    submission = re.search(r'name="submission" value="([^"]+)"', page)
    assert submission is not None
    for _ in range(3):
        response = tom.post("/templates/new/", form_of(submission=submission[1]))
        assert (response.status_code, response.url) == (302, "/templates/")
    assert ReplyTemplate.objects.count() == 1
    tom.post("/templates/new/", form_of(submission=submission[1], name="Another"))
    assert ReplyTemplate.objects.count() == 2


@pytest.mark.parametrize(
    ("person", "status", "owner"),
    [("tess", 422, None), ("tom", 302, "tom"), ("hanna", 302, "hanna"), ("ada", 302, "ada")],
)
def test_who_may_make_a_shared_template_their_own(cast, signed_in, person, status, owner):
    template = make(office=cast.office, en="Hello")
    ReplyTemplate.objects.update(changed_by=cast.tom)
    client = signed_in(getattr(cast, person))
    response = client.post(f"/templates/{template.pk}/", form_of(name="Mine"))
    assert response.status_code == status
    template.refresh_from_db()
    assert template.owner == (getattr(cast, owner) if owner else None)
    assert template.name == ("Mine" if owner else "Greeting")
    if status == 422:
        refusal = "Only the head of the team, or who wrote it last, can stop sharing it."
        assert refusal in words(response)
        assert 'value="Mine"' in response.content.decode()
        again = client.post(f"/templates/{template.pk}/", form_of(name="Ours", shared="on"))
        assert again.status_code == 302


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text-en": "Dear {kontakt}"}, "There is no placeholder {kontakt}."),
        ({"text-en": " "}, "Write the text in at least one language."),
        ({"name": ""}, "This field is required."),
        ({"kind": "letter"}, "letter is not one of the available choices."),
        ({"text-en": "x" * 50_001}, "Ensure this value has at most 50000 characters"),
    ],
)
@pytest.mark.parametrize("button", [{}, {"preview": "yes"}])
def test_bad_input_is_named_and_stays(cast, signed_in, fields, message, button):
    if button and "at least one" in message:
        return
    response = signed_in(cast.tom).post("/templates/new/", form_of(**fields, **button))
    assert response.status_code == 422
    assert message in words(response)
    assert not ReplyTemplate.objects.exists()


def test_the_preview_reads_as_on_an_incident(cast, signed_in):
    fields = {"text-en": "Dear {contact}: {due}", "text-ru": "{severity}", "preview": "yes"}
    response = signed_in(cast.tom).post("/templates/new/", form_of(**fields))
    page = words(response)
    assert response.status_code == 200
    assert (
        "Dear Alice Martin: 20:10 · March 2, 2026 (Asia/Shanghai), your time; "
        "13:10 · March 2, 2026 (Europe/Paris), at our office"
    ) in page
    assert "Высокий" in page
    assert not ReplyTemplate.objects.exists()


def test_who_changes_what_another_just_changed_is_told(cast, signed_in):
    template = make(office=cast.office, en="Hello")
    seen = MONDAY_NINE.isoformat()
    path = f"/templates/{template.pk}/"
    signed_in(cast.hanna).post(path, form_of(name="Hers", shared="on", seen=seen))
    tom = signed_in(cast.tom)
    response = tom.post(path, form_of(name="His", shared="on", seen=seen))
    assert response.status_code == 409
    assert "Hanna has changed this template in the meantime." in words(response)
    again = re.search(r'name="seen" value="([^"]+)"', response.content.decode())
    assert again is not None
    assert datetime.fromisoformat(again[1]).astimezone(UTC) == LATER
    assert tom.post(path, form_of(name="His", shared="on", seen=again[1])).status_code == 302
    template.refresh_from_db()
    assert template.name == "His"


# Who sees and changes which.


@pytest.fixture
def four(cast):
    lyon = Office.objects.create(
        name="Lyon", timezone="Europe/Paris", country="FR", week={}, phone="", msa_phone=""
    )
    return {
        "toms": make(owner=cast.tom, name="Tom's", en="x"),
        "paris": make(office=cast.office, name="Paris'", en="x"),
        "lyon": make(office=lyon, name="Lyon's", en="x"),
        "all": make(name="Everybody's", en="x"),
    }


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("tom", {"toms": 200, "paris": 200, "lyon": 404, "all": 403}),
        ("hanna", {"toms": 404, "paris": 200, "lyon": 404, "all": 403}),
        ("dana", {"toms": 404, "paris": 403, "lyon": 404, "all": 403}),
        ("erik", {"toms": 404, "paris": 403, "lyon": 404, "all": 403}),
        ("ada", {"toms": 404, "paris": 200, "lyon": 200, "all": 200}),
        ("alice", {"toms": 404, "paris": 404, "lyon": 404, "all": 404}),
    ],
)
def test_who_may_change_which(cast, four, signed_in, person, status):
    client = signed_in(getattr(cast, person))
    found = {name: client.get(f"/templates/{t.pk}/").status_code for name, t in four.items()}
    assert found == status
    posted = {
        name: client.post(f"/templates/{t.pk}/deletion/").status_code for name, t in four.items()
    }
    assert posted == {name: 302 if code == 200 else code for name, code in status.items()}


def test_who_may_not_share_keeps_it_to_themselves(cast, signed_in):
    dana = signed_in(cast.dana)
    assert 'name="shared"' not in dana.get("/templates/new/").content.decode()
    dana.post("/templates/new/", form_of(shared="on"))
    assert ReplyTemplate.objects.get().owner == cast.dana


@pytest.mark.parametrize(
    "path", ["/templates/", "/templates/new/", "/incidents/{}/writing/", "/incidents/{}/templates/"]
)
def test_for_a_customer_there_is_no_such_page(cast, incident, signed_in, path):
    assert signed_in(cast.alice).get(path.format(incident.reference)).status_code == 404


@pytest.mark.parametrize("noun", ["insertions", "templates", "messages/handed"])
def test_nor_anything_to_post_to(cast, incident, signed_in, noun):
    path = f"/incidents/{incident.reference}/{noun}/"
    form = {"text": "x", "kind": "note"}
    found = {
        name: signed_in(getattr(cast, name)).post(path, form).status_code
        for name in ("alice", "olga", "erik", "ada")
    }
    assert found == {"alice": 404, "olga": 404, "erik": 404, "ada": 403}


# Below the composer.


def test_the_tools_offer_what_the_person_may_use(cast, incident, four, signed_in):
    path = f"/incidents/{incident.reference}/writing/"
    response = signed_in(cast.tom).get(path, headers={"HX-Request": "true"})
    page = response.content.decode()
    assert re.findall(r"<option value=\"\d+\">([^<]+) · Reply</option>", page) == [
        "Everybody&#x27;s",
        "Paris&#x27;",
        "Tom&#x27;s",
    ]
    assert re.findall(r'<option value="(\w+)">[^<]+</option>', page.partition("<datalist")[2]) == [
        "Ada",
        "Dana",
        "Hanna",
        "Tess",
    ]
    assert signed_in(cast.tom).get(path).headers["Location"] == f"/incidents/{incident.reference}/"


def test_the_pages_cost_the_same_with_one_and_three(cast, incident, signed_in):
    tom = signed_in(cast.tom)
    base = f"/incidents/{incident.reference}"
    paths = ["/templates/", f"{base}/templates/", f"{base}/writing/"]

    def queries():
        counted = []
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                tom.get(path, headers={"HX-Request": "true"})
            counted.append(len(captured))
        return counted

    make(office=cast.office, en="{due}")
    tom.get("/templates/")
    with_one = queries()
    make(office=cast.office, en="{due}")
    make(owner=cast.tom, en="{due}")
    assert queries() == with_one
