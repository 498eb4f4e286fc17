"""`@Name` in an internal note tells the colleague."""

from datetime import timedelta

import pytest

from accounts.errors import Refused
from accounts.models import Team, User
from incidents.actions import responding
from incidents.actions.handing import hand_over, hand_to_team
from incidents.models import Incident, JournalEntry
from incidents.queries.colleagues import colleagues_on
from incidents.texts import as_html
from incidents.views.naming import highlighted
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
LATER = MONDAY_NINE + timedelta(minutes=10)


@pytest.fixture
def incident(cast):
    return cast.file()


def note(incident, actor, text):
    return responding.add_note(incident=incident, actor=actor, text=text, at=LATER)


def noted():
    return JournalEntry.objects.filter(kind="noted").latest("id").data


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("@Tess, can you look?", ["tess"]),
        ("Ask @dana and @HANNA.", ["dana", "hanna"]),
        ("@Tess @Tess", ["tess"]),
        ("@Tessa and mail tom@Tess.example", []),
        ("@Nobody of that name", []),
        ("@Tom, that is me", []),
        ("No at sign: Tess", []),
    ],
)
def test_whom_a_note_mentions(cast, incident, text, mentioned):
    note(incident, cast.tom, text)
    keys = [getattr(cast, name).pk for name in mentioned]
    assert noted() == ({"mentions": keys} if keys else {})


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("请@李娜 看一下", ["李娜"]),
        ("@李娜请看一下", ["李娜"]),
        ("请@李娜娜看", ["李娜娜"]),
        ("请@Tess看一下", ["Tess"]),
        ("спроси:@tess и @Анна", ["Tess", "Анна"]),
        ("спроси@Анна", ["Анна"]),
        ("@Аннат", []),
        ("@Tessé and @Tess2", []),
        ("mail tom@李娜", []),
    ],
)
def test_names_among_words_without_spaces(cast, incident, text, mentioned):
    known = {"Tess": cast.tess.pk}
    for number, name in enumerate(["李娜", "李娜娜", "Анна"]):
        address = f"n{number}@northlight.example"
        person = User.objects.create_user(address, "x", name=name, role="engineer")
        hand_over(incident, [person], MONDAY_NINE)
        known[name] = person.pk
    note(incident, cast.tom, text)
    assert noted() == ({"mentions": [known[name] for name in mentioned]} if mentioned else {})


def test_the_longest_name_counts(cast, incident):
    longer = User.objects.create_user(
        "tess2@northlight.example", "x", name="Tess Long", role="tam", office=cast.office
    )
    hand_over(incident, [longer], MONDAY_NINE)
    note(incident, cast.tom, "@Tess Long please")
    assert noted() == {"mentions": [longer.pk]}


def test_who_cannot_see_it_is_to_be_assigned_first(cast, incident):
    with pytest.raises(Refused, match=r"Erik cannot see this incident\. Assign it to them first"):
        note(incident, cast.tom, "@Erik, look")
    hand_over(incident, [cast.erik], MONDAY_NINE)
    note(incident, cast.tom, "@Erik, look")
    assert noted() == {"mentions": [cast.erik.pk]}


def test_the_refusal_stands_on_the_page_with_what_was_typed(cast, incident, signed_in):
    form = {"kind": "note", "text": "@Erik, look"}
    with clock.at(LATER):
        response = signed_in(cast.tom).post(f"/incidents/{incident.reference}/messages/", form)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Erik cannot see this incident. Assign it to them first, then mention them." in page
    assert "@Erik, look</textarea>" in page


def test_too_many_are_refused(cast, incident):
    people = [
        User.objects.create_user(
            f"p{n}@northlight.example", "x", name=f"Person {n:02}", role="engineer"
        )
        for n in range(21)
    ]
    hand_over(incident, people, MONDAY_NINE)
    with pytest.raises(Refused, match="at most 20"):
        note(incident, cast.tom, " ".join(f"@{person.name}" for person in people))


def test_the_colleague_is_told_once_in_a_letter_of_its_own(cast, incident):
    relay.drain(HANDLERS)
    known = list(Email.objects.values_list("pk", flat=True))
    note(incident, cast.tom, "@Tess, the firewall is to blame.")
    note(incident, cast.tom, "Nobody is named here.")
    relay.drain(HANDLERS)
    mails = Email.objects.exclude(pk__in=known)
    assert [(mail.to_address, mail.text.splitlines()[0]) for mail in mails] == [
        ("tess@northlight.example", "Tom mentions you")
    ]
    assert "the firewall is to blame" in mails[0].text


def test_who_lost_sight_of_it_meanwhile_is_not_told(cast, incident):
    hand_over(incident, [cast.erik], MONDAY_NINE)
    relay.drain(HANDLERS)
    known = list(Email.objects.values_list("pk", flat=True))
    note(incident, cast.tom, "@Erik, look")
    incident.handlings.update(until=LATER)
    relay.drain(HANDLERS)
    assert list(Email.objects.exclude(pk__in=known)) == []


def test_a_mention_is_marked_in_the_timeline(cast, incident, signed_in):
    note(incident, cast.tom, "@Tess and @Nobody")
    with clock.at(LATER):
        page = signed_in(cast.tom).get(f"/incidents/{incident.reference}/").content.decode()
    assert '<p><b class="mention">@Tess</b> and @Nobody</p>' in page


def test_marking_leaves_tags_alone():
    html = as_html("[x](https://h.example/@Tess) @Tess @Tess O'Neill & Co")
    assert highlighted(html, ["Tess", "Tess O'Neill & Co"]) == (
        '<p><a href="https://h.example/@Tess" rel="noopener noreferrer nofollow">x</a> '
        '<b class="mention">@Tess</b> <b class="mention">@Tess O\'Neill &amp; Co</b></p>\n'
    )


def test_colleagues_are_those_who_see_it(cast, incident):
    """The question asked the other way round has the same answer for everybody."""
    team = Team.objects.create(name="Lab")
    team.members.add(cast.erik, cast.dana, cast.bruno)
    other = cast.file(by=cast.olga)

    def seeing(found):
        staff = User.objects.exclude(role="contact").order_by("name", "pk")
        return [
            person.name
            for person in staff
            if Incident.objects.visible_to(person, LATER).filter(pk=found.pk).exists()
        ]

    def asked(found):
        return [person.name for person in colleagues_on(found, LATER)]

    assert asked(incident) == seeing(incident) == ["Ada", "Dana", "Hanna", "Tess", "Tom"]
    assert asked(other) == seeing(other) == ["Ada", "Dana", "Hanna", "Tom"]
    hand_to_team(incident, team, LATER)
    hand_over(other, [cast.tess], LATER)
    everyone = ["Ada", "Bruno", "Dana", "Erik", "Hanna", "Tess", "Tom"]
    assert asked(incident) == seeing(incident) == everyone
    assert asked(other) == seeing(other) == ["Ada", "Dana", "Hanna", "Tess", "Tom"]
    cast.dana.shifts.all().delete()
    assert asked(incident) == seeing(incident) == [n for n in everyone if n != "Dana"]
