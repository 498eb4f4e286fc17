"""What stands in braces in a reply template: a fact, an error, or a brace."""

from html import unescape

import pytest

from tam.models import ReplyTemplate
from tam.placeholders import unknown_in
from tests.tam.test_reply_templates import form_of, insert, make, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(cast):
    return cast.file()


@pytest.mark.parametrize(
    "written",
    [
        "{Contact}",
        "{contact.password}",
        "{contact_1}",
        "{ contact }",
        "{contact-name}",
        "{contact!r}",
        "{контакт}",
        "{nothing}",
        '{"a": 1}',
        "{{contact}}",
        "{{ Contact }}",
        "{{contact}",
        "{" + "x" * 60 + "}",
    ],
)
def test_what_looks_like_a_placeholder_and_is_none_is_refused(cast, signed_in, written):
    assert unknown_in(f"Dear {written}, {{me}} {written}") == [written]
    message = f"There is no placeholder {written}. Those there are stand in the list."
    for button in ({}, {"preview": "yes"}):
        fields = form_of(**{"text-en": f"Dear {written}"}, **button)
        response = signed_in(cast.tom).post("/templates/new/", fields)
        assert response.status_code == 422
        assert message in unescape(words(response))
    assert not ReplyTemplate.objects.exists()


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{} } { {\n}", "{} } { {\n}"),
        ('{{"a": 1}}', '{"a": 1}'),
        ("{{{me}}}", "{Tom}"),
        ("{{\n  {me}\n}}", "{\n  Tom\n}"),
        ("{" + "x" * 61 + "}", "{" + "x" * 61 + "}"),
    ],
)
def test_other_braces_are_text_and_doubled_ones_are_braces(
    cast, incident, signed_in, text, printed
):
    answer = insert(signed_in(cast.tom), incident, make(en=text)).json()
    assert answer["text"] == printed


def test_the_form_says_how_a_brace_is_written(cast, signed_in):
    page = words(signed_in(cast.tom).get("/templates/new/"))
    assert "A brace itself is written twice: {{ }}" in page
