"""Quotations and signatures are cut where there is no doubt, and only there."""

import pytest

from incidents.inbound.contents import text_of_html
from incidents.inbound.quoting import new_text

QUOTED = "> Which version?\n> Please tell us."
COPY = "From: Northlight\nSent: Monday\nTo: Alice\nSubject: [INC-2026-000001] Received\n\nWhich?"


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (f"12.4\n\nOn Mon, 2 Mar 2026, Northlight wrote:\n{QUOTED}", "12.4"),
        (
            f"12.4\n\nOn Mon, 2 Mar 2026 at 09:00, Northlight\n<a@b.example> wrote:\n\n{QUOTED}",
            "12.4",
        ),
        (f"12.4\n\nLe lun. 2 mars 2026, Northlight a écrit :\n{QUOTED}", "12.4"),
        (f"12.4\n\nOp ma 2 mrt 2026 schreef Northlight:\n{QUOTED}", "12.4"),
        (f"12.4\n\n2 марта 2026 г., Northlight писал:\n{QUOTED}", "12.4"),
        (f"12.4\n\n2026年3月2日 Northlight 写道:\n{QUOTED}", "12.4"),
        (f"12.4\n\n{QUOTED}\n> x", "12.4"),
        (f"12.4\n\n{COPY}", "12.4"),
        (f"12.4\n\n-----Original Message-----\n{COPY}", "12.4"),
        ("12.4\n-- \nAlice\nAcme", "12.4"),
        # In doubt, all of it is kept.
        (f"12.4\n\n{QUOTED}", f"12.4\n\n{QUOTED}"),
        (f"{QUOTED}\n12.4\n> And when?\nToday.", f"{QUOTED}\n12.4\n> And when?\nToday."),
        (f"On Mon, we wrote:\n{QUOTED}\n12.4", f"On Mon, we wrote:\n{QUOTED}\n12.4"),
        (QUOTED, QUOTED),
        (COPY, COPY),
        (f"See.\n\n{COPY.replace('INC-', 'ABC-')}", f"See.\n\n{COPY.replace('INC-', 'ABC-')}"),
        ("Log:\n--\n" + "line\n" * 20 + "end", "Log:\n--\n" + "line\n" * 20 + "end"),
        ("", ""),
    ],
)
def test_what_is_new_is_kept(text, new):
    assert new_text(text) == new


def test_html_is_read_as_text():
    html = "<head><title>x</title></head><p>a &lt;b&gt;</p><script>no</script><br>c<img src=x>d"
    assert text_of_html(html) == "\na <b>\n\ncd"
