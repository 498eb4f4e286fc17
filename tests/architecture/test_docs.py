"""What the docs say of the code is what the code says."""

import re
from pathlib import Path

from incidents.models import state_diagram

DOCS = Path(__file__).parents[2] / "docs"


def test_the_state_diagram_in_the_docs_is_the_codes():
    text = (DOCS / "architecture.md").read_text()
    drawn = re.search(r"<!-- states -->\n```mermaid\n(.*?)\n```\n<!-- /states -->", text, re.DOTALL)
    assert drawn is not None
    assert drawn[1] == state_diagram()
