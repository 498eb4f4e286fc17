"""What is said of wrong programme files: every mistake, with its full message."""

from pathlib import Path

import pytest
from django.conf import settings

from accounts.programmes import ProgrammeError, read_programmes

FOLDER = Path(settings.BASE_DIR) / "programmes"
ZH, NL = "msa-enterprise-zh", "msa-enterprise-nl-2023"

RESPONSE_2 = 'response = { minutes = 240, unit = "elapsed" }'
SOURCE = '"stated", or "assumed from" with "rules" or the key of an edition'
ZH_TEXT = (FOLDER / f"{ZH}.toml").read_text(encoding="utf-8")
# What makes every value of the edition assumed, but its number of contacts.
ASSUMED_BUT_CONTACTS = [
    (line, line.replace('"stated"', '"assumed from rules"'))
    for line in ZH_TEXT.partition("[provenance]")[2].splitlines()
    if line.endswith('"stated"') and not line.startswith("contact_limit")
]


def severity_4() -> str:
    return ZH_TEXT[ZH_TEXT.index("[severity.4]") : ZH_TEXT.index("# Where each value")]


WRONG = {
    "minutes are no number": (
        [(RESPONSE_2, 'response = { minutes = "4h", unit = "elapsed" }')],
        ['severity.2.response.minutes: expected a whole number of minutes above 0, found "4h"'],
    ),
    "minutes are none": (
        [(RESPONSE_2, 'response = { minutes = 0, unit = "elapsed" }')],
        ["severity.2.response.minutes: expected a whole number of minutes above 0, found 0"],
    ),
    "minutes are true": (
        [(RESPONSE_2, 'response = { minutes = true, unit = "elapsed" }')],
        ["severity.2.response.minutes: expected a whole number of minutes above 0, found true"],
    ),
    "minutes are years": (
        [(RESPONSE_2, 'response = { minutes = 525601, unit = "elapsed" }')],
        ["severity.2.response.minutes: expected a whole number from 1 to 525600, found 525601"],
    ),
    "unit unknown": (
        [(RESPONSE_2, 'response = { minutes = 240, unit = "hours" }')],
        ['severity.2.response.unit: expected "elapsed" or "working", found "hours"'],
    ),
    "response is no table": (
        [(RESPONSE_2, "response = 240")],
        [
            (
                'severity.2.response: expected { minutes = 240, unit = "elapsed" } or "none", '
                "found 240"
            )
        ],
    ),
    "phone line unknown": (
        [('phone_line = "always"', 'phone_line = "sometimes"')],
        ['severity.1.phone_line: expected "always", "office_hours" or "none", found "sometimes"'],
    ),
    "unknown key": (
        [("contact_limit = 8", "contact_limit = 8\ncolour = 1")],
        [
            (
                "colour: unknown key; expected one of contact_limit, customer_side_months, "
                "document, escalation_levels, incidents_per_year, key, name, provenance, region, "
                "requirements, services, severity, summary, tam_hours, warning_percentages, year"
            )
        ],
    ),
    "unknown key inside": (
        [(RESPONSE_2, RESPONSE_2[:-1] + ", per = 1 }")],
        ["severity.2.response.per: unknown key; expected one of minutes, unit"],
    ),
    "key missing": (
        [("contact_limit = 8\n", "")],
        ["contact_limit: expected a whole number from 0 to 1000, found nothing"],
    ),
    "language missing": (
        [('ru = "MSA Enterprise, китайская редакция"\n', "")],
        ["name.ru: expected a text of 1 to 1000 characters without space around it, found nothing"],
    ),
    "language unknown": (
        [('ru = "MSA Enterprise, китайская редакция"', 'ru = "MSA"\nde = "MSA"')],
        ["name.de: unknown key; expected one of en, fr, nl, ru, zh-hans"],
    ),
    "provenance missing": (
        [('contact_limit = "stated"\n', "")],
        [f"provenance.contact_limit: expected {SOURCE}, found nothing"],
    ),
    "provenance in other words": (
        [('contact_limit = "stated"', 'contact_limit = "guessed"')],
        [f'provenance.contact_limit: expected {SOURCE}, found "guessed"'],
    ),
    "provenance of nothing": (
        [('contact_limit = "stated"', 'contact_limit = "stated"\ncolour = "stated"')],
        [
            (
                "provenance.colour: a programme has no such value; "
                "expected one such as contact_limit, services.tam, severity.1.response"
            )
        ],
    ),
    "provenance twice": (
        [("severity.all.response =", 'severity.2.response = "stated"\nseverity.all.response =')],
        [
            (
                "provenance.severity.2.response: given twice; "
                "expected once, here or under severity.all"
            )
        ],
    ),
    "provenance stated by no document": (
        [('document = "002_dcd48738de60f96f"', 'document = "rules"'), *ASSUMED_BUT_CONTACTS],
        [
            (
                'provenance.contact_limit: expected "assumed from" with "rules" or the key of an '
                'edition, since the document is "rules", found "stated"'
            )
        ],
    ),
    "severity missing": (
        [(severity_4(), "")],
        ["severity.4: expected a table, found nothing"],
    ),
    "severity unknown": (
        [("[severity.4]", "[severity.5]\nresponse = 1\n\n[severity.4]")],
        ["severity.5: unknown key; expected one of 1, 2, 3, 4"],
    ),
    "further target is no table": (
        [(RESPONSE_2, RESPONSE_2 + "\nfurther_targets = { update = 60 }")],
        [
            (
                "severity.2.further_targets.update: "
                'expected { minutes = 240, unit = "elapsed" }, found 60'
            )
        ],
    ),
    "further target unknown": (
        [(RESPONSE_2, RESPONSE_2 + "\nfurther_targets = { answer = 60 }")],
        [
            (
                "severity.2.further_targets.answer: unknown key; "
                "expected one of next_response, resolution, update, workaround"
            )
        ],
    ),
    "exclusion unknown": (
        [('    "hardware",', '    "weather",')],
        [
            (
                'services.exclusions: expected a list of "not_reproducible", "access_refused", '
                '"cause_outside", "already_solved", "earlier_solution", "hardware", "platform", '
                '"third_party", "information_missing" or "instructions_ignored", each at most '
                'once, found ["not_reproducible", "access_refused", "cause_outside", '
                '"already_solved", "earlier_solution", "weather", "platform", "third_party", '
                '"information_missing", "instructions_ignored"]'
            )
        ],
    ),
    "escalation level unknown": (
        [('["tam", "team_head", "business_manager"]', '["tam", "boss"]')],
        [
            (
                'escalation_levels: expected a list of "tam", "team_head" or "business_manager", '
                'each at most once, found ["tam", "boss"]'
            )
        ],
    ),
    "requirement is no text by language": (
        [("requirements = {}", 'requirements = { licence = "A licence" }')],
        ['requirements.licence: expected a table, found "A licence"'],
    ),
    "table missing": (
        [("[services]", "[service]")],
        [
            "services: expected a table, found nothing",
            (
                "service: unknown key; expected one of contact_limit, customer_side_months, "
                "document, escalation_levels, incidents_per_year, key, name, provenance, region, "
                "requirements, services, severity, summary, tam_hours, warning_percentages, year"
            ),
        ],
    ),
    "months beyond memory": (
        [("customer_side_months = 1", "customer_side_months = 25")],
        ['customer_side_months: expected a whole number from 1 to 24 or "none", found 25'],
    ),
    "key is not the file's name": (
        [('key = "msa-enterprise-zh"', 'key = "msa-enterprise-cn"')],
        ['key: expected the name of its file, "msa-enterprise-zh", found "msa-enterprise-cn"'],
    ),
    "key is no slug": (
        [('key = "msa-enterprise-zh"', 'key = "MSA zh"')],
        ['key: expected at most 64 small letters, digits and single hyphens, found "MSA zh"'],
    ),
    "number or word": (
        [('incidents_per_year = "unlimited"', 'incidents_per_year = "many"')],
        [
            (
                'incidents_per_year: expected a whole number from 0 to 10000 or "unlimited", '
                'found "many"'
            )
        ],
    ),
    "warnings fall": (
        [("[50, 80]", "[80, 50]")],
        [
            (
                "warning_percentages: expected at most 5 rising whole numbers from 1 to 99, "
                "found [80, 50]"
            )
        ],
    ),
    "region in words": (
        [('region = "CN"', 'region = "China"')],
        ['region: expected 2 to 8 capital letters, found "China"'],
    ),
    "window closes before it opens": (
        [('mon = [["10:00", "18:30"]]', 'mon = [["18:30", "10:00"]]')],
        [
            (
                'tam_hours.mon: expected "office" or windows such as [["09:00", "13:00"]], '
                'in order, found [["18:30", "10:00"]]'
            )
        ],
    ),
    "weekday unknown": (
        [('fri = [["10:00", "18:30"]]', 'fri = "office"\nfree = "office"')],
        ["tam_hours.free: unknown key; expected one of fri, mon, sat, sun, thu, tue, wed"],
    ),
    "service neither there nor not": (
        [("health_check = false", 'health_check = "no"')],
        ['services.health_check: expected true or false, found "no"'],
    ),
    "effort unknown": (
        [('private_patches = "reasonable"', "private_patches = true")],
        ['services.private_patches: expected false, "reasonable" or "all_necessary", found true'],
    ),
    "report twice": (
        [('["regular"]', '["regular", "regular"]')],
        [
            (
                'services.open_incident_reports: expected a list of "regular", "on_demand" or '
                '"tailored", each at most once, found ["regular", "regular"]'
            )
        ],
    ),
    "several at once": (
        [("contact_limit = 8", "contact_limit = -1"), ("health_check = false", "health_check = 0")],
        [
            "contact_limit: expected a whole number from 0 to 1000, found -1",
            "services.health_check: expected true or false, found 0",
        ],
    ),
    "no TOML": (
        [("contact_limit = 8", "contact_limit 8")],
        [
            "expected TOML: Expected '=' after a key in a key/value pair (at line 9, column 15)",
        ],
    ),
}


class TestWrongFiles:
    @pytest.mark.parametrize(("replacements", "messages"), WRONG.values(), ids=WRONG)
    def test_every_mistake_is_named(self, tmp_path, replacements, messages):
        write_edition(tmp_path, ZH, *replacements)
        with pytest.raises(ProgrammeError) as refusal:
            read_programmes(tmp_path)
        assert list(refusal.value.lines) == [f"{ZH}.toml: {message}" for message in messages]

    def test_mistakes_of_several_files_are_told_together(self, tmp_path):
        write_edition(tmp_path, ZH, ('region = "CN"', "region = 1"))
        write_edition(tmp_path, NL, ('region = "NL"', "region = 2"))
        with pytest.raises(ProgrammeError) as refusal:
            read_programmes(tmp_path)
        assert str(refusal.value) == (
            f"{NL}.toml: region: expected 2 to 8 capital letters, found 2\n"
            f"{ZH}.toml: region: expected 2 to 8 capital letters, found 1"
        )

    def test_a_file_that_is_no_text(self, tmp_path):
        (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
        with pytest.raises(ProgrammeError) as refusal:
            read_programmes(tmp_path)
        assert str(refusal.value) == "x.toml: expected text in UTF-8"

    def test_an_empty_folder(self, tmp_path):
        with pytest.raises(ProgrammeError) as refusal:
            read_programmes(tmp_path)
        assert str(refusal.value) == f"{tmp_path}: expected programme files (*.toml), found nothing"


def write_edition(folder: Path, key: str, *replacements: tuple[str, str]) -> None:
    """Write an edition with the first occurrence of each text replaced."""
    text = (FOLDER / f"{key}.toml").read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / f"{key}.toml").write_text(text, encoding="utf-8")
