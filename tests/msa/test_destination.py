"""Where somebody is on their way to, in words."""

import pytest

from msa.templatetags.destination import destination


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/incidents/INC-2026-000123/", "INC-2026-000123"),
        ("/incidents/INC-2026-000123/explanation/?x=1", "INC-2026-000123"),
        ("/certificates/MSA-1/contacts/", "MSA-1"),
        ("/notices/?show=unread", "your notices"),
        ("/notices/preferences/", "your notices"),
        ("/incidents/%3Cscript%3E/", ""),
        ("/incidents/", ""),
        ("/", ""),
        ("", ""),
        ("https://[", ""),
    ],
)
def test_an_address_names_what_it_leads_to(address: str, expected: str) -> None:
    assert destination(address) == expected
