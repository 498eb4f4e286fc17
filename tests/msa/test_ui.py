"""The tags and templates of the interface, rendered without a database."""

import gzip
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone, translation
from django.utils.html import strip_tags

from msa.forms import MsaFormRenderer
from msa.templatetags import ui

STARTS = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 21, 13, 30, tzinfo=UTC)
EARLIER = datetime(2026, 11, 21, 13, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 13, 40, tzinfo=UTC)


@pytest.fixture(autouse=True)
def paris():
    with timezone.override(ZoneInfo("Europe/Paris")), translation.override("en"):
        yield


def drawn(source: str, **context: Any) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


def words(html: str) -> str:
    return " ".join(strip_tags(html).split())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Claire Fontaine", "CF"),
        ("anna maria de vries", "AV"),
        ("王小明", "王"),
        ("Ольга Петрова", "ОП"),
        ("dana", "D"),
        ("  ", "?"),
    ],
)
def test_initials(name, expected):
    assert ui.initials(name) == expected


def test_avatar_keeps_its_hue_and_escapes():
    assert drawn("{% avatar 'Claire Fontaine' 'small' %}") == (
        '<span class="avatar avatar-small hue-0" aria-hidden="true">CF</span>'
    )
    assert drawn("{% avatar name %}", name="<b> x") == (
        '<span class="avatar hue-0" aria-hidden="true">&lt;X</span>'
    )


def test_icon_is_hidden_and_cached():
    first = ui.icon("inbox", 18)
    assert first.startswith("<svg")
    assert 'aria-hidden="true"' in first
    assert 'width="18"' in first
    assert ui.icon("inbox", 18) is first


@pytest.mark.parametrize(
    ("level", "word"), [(1, "Critical"), (2, "High"), (3, "Medium"), (4, "Low")]
)
def test_severity_says_its_word(level, word):
    html = ui.severity(level)
    assert words(html) == word
    assert html.startswith(f'<span class="severity severity-{level}">')


def test_state_pill_carries_its_tone():
    facts = SimpleNamespace(label="In progress", tone="work")
    assert ui.state_pill(facts) == '<span class="pill tone-work">In progress</span>'


@pytest.mark.parametrize(
    ("style", "zone", "expected"),
    [
        ("short", "", "14:30 · 21 Nov"),
        ("time", "", "14:30"),
        ("day", "", "21 Nov 2026"),
        ("full", "", "21 Nov 2026 14:30 CET"),
        ("short", "Asia/Shanghai", "21:30 · 21 Nov (CST)"),
        ("full", "Asia/Shanghai", "21 Nov 2026 21:30 CST"),
    ],
)
def test_instant_in_the_readers_zone_or_a_named_one(style, zone, expected):
    html = ui.instant(DUE, style, zone)
    assert words(html) == expected
    assert html.startswith('<time datetime="2026-11-21T13:30:00+00:00" title="21 Nov 2026 ')


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh-hans", "14:30 · 11月21日"),
        ("ru", "14:30 · 21 ноября"),
        ("fr", "14:30 · 21 nov."),
        ("nl", "14:30 · 21 nov"),
    ],
)
def test_instant_in_other_languages(language, expected):
    with translation.override(language):
        assert words(ui.instant(DUE)) == expected


def test_no_instant_is_a_dash():
    assert ui.instant(None) == "–"
    assert ui.relative(None, DUE) == "–"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 21, 13, 29, 30, tzinfo=UTC), "just now"),
        (datetime(2026, 11, 21, 13, 29, 0, tzinfo=UTC), "1 minute ago"),
        (datetime(2026, 11, 21, 12, 31, 0, tzinfo=UTC), "59 minutes ago"),
        (datetime(2026, 11, 21, 12, 30, 0, tzinfo=UTC), "1 hour ago"),
        (datetime(2026, 11, 21, 15, 30, 0, tzinfo=UTC), "in 2 hours"),
        (datetime(2026, 11, 20, 13, 30, 0, tzinfo=UTC), "1 day ago"),
        (datetime(2026, 12, 20, 13, 30, 0, tzinfo=UTC), "in 29 days"),
        (datetime(2026, 12, 21, 13, 30, 0, tzinfo=UTC), "21 Dec 2026"),
    ],
)
def test_relative(moment, expected):
    assert words(ui.relative(moment, DUE)) == expected


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [
        (0, "0\xa0B"),
        (1023, "1,023\xa0B"),
        (1024, "1.0\xa0KB"),
        (421888, "412\xa0KB"),
        (1536 * 1024, "1.5\xa0MB"),
        (3 * 1024**4, "3.0\xa0TB"),
        (5000 * 1024**4, "5,000\xa0TB"),
    ],
)
def test_file_size(size_bytes, expected, settings):
    settings.USE_THOUSAND_SEPARATOR = True
    assert ui.file_size(size_bytes) == expected


@pytest.mark.parametrize(
    ("given", "state", "text", "share"),
    [
        ({}, "ok", "due 14:30 · 21 Nov", "0"),
        ({"at": EARLIER}, "ok", "due 14:30 · 21 Nov", "40.0"),
        (
            {"at": datetime(2026, 11, 21, 13, 24, tzinfo=UTC)},
            "warn",
            "due 14:30 · 21 Nov",
            "80.0",
        ),
        ({"at": EARLIER, "warn_at": [STARTS, EARLIER]}, "warn", "due 14:30 · 21 Nov", "40.0"),
        ({"at": DUE}, "warn", "due 14:30 · 21 Nov", "100.0"),
        ({"at": LATER}, "breached", "was due 14:30 · 21 Nov", "100"),
        ({"breached_at": DUE}, "breached", "was due 14:30 · 21 Nov", "100"),
        ({"stopped_at": EARLIER}, "met", "met 14:12 · 21 Nov", "40.0"),
        (
            {"stopped_at": LATER, "breached_at": DUE},
            "late",
            "met late, 14:40 · 21 Nov",
            "100",
        ),
        ({"ended": True}, "ended", "ended before it was met", "0"),
        ({"ended": True, "breached_at": DUE}, "missed", "ended before it was met", "100"),
        ({"waiting": True}, "waiting", "starts 14:00 · 21 Nov at the latest", "0"),
        (
            {"waiting": True, "starts_at": None, "due_at": None},
            "waiting",
            "starts with the call",
            "0",
        ),
    ],
)
def test_clock_says_its_state_without_a_script(given, state, text, share):
    facts: dict[str, Any] = {"starts_at": STARTS, "due_at": DUE, **given}
    html = ui.clock(label="first response", **facts)
    assert html.startswith(f'<sla-clock class="clock clock-row is-{state}"')
    assert words(html) == f"first response {text}"
    assert f'<rect width="{share}" height="4"/>' in html


def test_clock_hands_the_script_what_it_counts_with():
    html = ui.clock(
        starts_at=STARTS, due_at=DUE, warn_at=[EARLIER], label="response", subject="INC-2026-000123"
    )
    opening = html[: html.index(">") + 1]
    assert opening == (
        '<sla-clock class="clock clock-row is-ok"'
        ' data-starts-at="2026-11-21T13:00:00+00:00" data-due-at="2026-11-21T13:30:00+00:00"'
        ' data-warn-at="2026-11-21T13:12:00+00:00"'
        ' data-announce-warn="response, INC-2026-000123: due soon"'
        ' data-announce-breached="response, INC-2026-000123: overdue">'
    )


def test_a_stopped_clock_gives_the_script_nothing_to_count():
    html = ui.clock(starts_at=STARTS, due_at=DUE, stopped_at=EARLIER, label="x", detail="12 min")
    assert "data-due-at" not in html
    assert words(html) == "x met 14:12 · 21 Nov 12 min"


def test_clock_share_is_written_for_svg_in_every_locale():
    with translation.override("fr"):
        html = ui.clock(starts_at=STARTS, due_at=DUE, at=EARLIER, label="x")
    assert '<rect width="40.0" height="4"/>' in html


class Question(forms.Form):
    default_renderer = MsaFormRenderer

    title = forms.CharField(label="In one sentence", help_text="Details go below.")
    mail = forms.EmailField(label="Also inform", required=False)
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A"), ("b", "B")])
    side = forms.ChoiceField(label="Side", choices=[("a", "A")], widget=forms.RadioSelect)
    agree = forms.BooleanField(label="I agree", required=False)


def test_a_field_ties_help_and_error_to_its_widget():
    html = str(Question({"kind": "a"})["title"].as_field_group())
    assert '<label for="id_title">In one sentence</label>' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_title_helptext id_title_error"' in html
    assert '<div class="field-help" id="id_title_helptext">Details go below.</div>' in html
    assert '<div class="field-errors" id="id_title_error">' in html
    assert words(html) == "In one sentence Details go below. This field is required."


def test_optional_fields_say_so_and_checkboxes_need_not():
    assert words(str(Question()["mail"].as_field_group())) == "Also inform (optional)"
    assert words(str(Question()["agree"].as_field_group())) == "I agree"


def test_the_error_summary_leads_to_every_field_and_takes_the_focus():
    html = str(Question({"mail": "nope"}))
    summary = html[: html.index('<div class="field">')]
    assert 'tabindex="-1" autofocus' in summary
    assert [part.split('"')[0] for part in summary.split('href="')[1:]] == [
        "#id_title",
        "#id_mail",
        "#id_kind",
        "#id_side_0",
    ]


def test_a_form_without_errors_has_no_summary():
    assert "error-summary" not in str(Question())


@pytest.mark.parametrize(
    ("template", "heading"),
    [
        ("400.html", "We could not read this request"),
        ("403.html", "You may see this, but not do that"),
        ("404.html", "There is nothing here"),
        ("403_csrf.html", "This page was open for too long"),
    ],
)
def test_error_pages_render_for_nobody_in_particular(template, heading, rf: RequestFactory):
    html = render_to_string(template, {"vendor_name": "Northlight", "request": rf.get("/x/")})
    assert html.count(f"<h1>{heading}</h1>") == 1
    assert "data-keeps-drafts" in html


def test_the_page_of_a_broken_server_needs_no_context():
    html = render_to_string("500.html")
    assert html.count("<h1>Something broke on our side</h1>") == 1
    assert "<script" not in html
    assert '<link rel="stylesheet" href="/static/msa.css">' in html


def test_no_template_needs_an_inline_style_or_script(settings):
    offenders = [
        str(path.relative_to(settings.BASE_DIR))
        for path in sorted((settings.BASE_DIR / "templates").rglob("*.html"))
        if "email" not in path.parts
        and any(
            mark in path.read_text()
            for mark in (" style=", "<style", "<script>", "javascript:", "onclick=", "hx-on")
        )
    ]
    assert offenders == []


def test_the_first_page_stays_under_sixty_kilobytes_compressed(settings):
    files = ("tokens.css", "msa.css", "msa.js", "htmx.min.js")
    sizes = [
        len(gzip.compress((settings.BASE_DIR / "static" / name).read_bytes())) for name in files
    ]
    assert sum(sizes) < 60_000
