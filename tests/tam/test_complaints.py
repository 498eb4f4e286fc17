"""Complaints and suggestions: who may know of which, and how they go over the levels (SPEC 11)."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from accounts.errors import Changed, Conflict, NotAllowed, NotFound, Refused
from accounts.models import Office, Role, User
from accounts.tenancy import set_scope
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tam.actions import climbing, complaints
from tam.models import Complaint, Escalation
from tam.queries.complaints import get_complaint, visible_to
from tam.queries.escalations import addressed_to
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATER = MONDAY_NINE + HOUR
PEOPLE = ("alice", "bob", "olga", "tom", "tess", "dana", "erik", "hanna", "bruno", "ada")
KEY = "7b5bb8f4-6a1e-4c59-9d0c-0a6c5d9b1f11"


@pytest.fixture(autouse=True)
def later():
    with clock.at(LATER):
        yield


def complain(cast, **changes):
    made = {
        "certificate": cast.certificate,
        "kind": "complaint",
        "title": "Nobody calls back",
        "text": "Three promises, no call.",
        "author": cast.alice,
        "actor": cast.alice,
        "at": MONDAY_NINE,
    }
    return complaints.complain(**{**made, **changes})


def about_tom(cast, **changes):
    return complain(cast, about_tam=True, **changes)


def taken_down(cast, **changes):
    return complain(cast, actor=cast.tess, **changes)


def about_tom_taken_down(cast, **changes):
    return taken_down(cast, about_tam=True, **changes)


def to_the_top(cast, **changes):
    complaint = complain(cast, **changes)
    for _ in range(2):
        complaints.raise_complaint(complaint=complaint, actor=cast.alice, text="…", at=MONDAY_NINE)
    return complaint


def about_tom_to_the_top(cast):
    complaint = about_tom(cast)
    complaints.raise_complaint(complaint=complaint, actor=cast.alice, text="…", at=MONDAY_NINE)
    return complaint


def of_globex(cast):
    return complain(cast, certificate=cast.globex_certificate, author=cast.olga, actor=cast.olga)


CUSTOMER = {"alice", "bob"}
OFFICE = {"tom", "tess", "dana", "hanna", "ada"}


@pytest.mark.parametrize(
    ("make", "kind", "know"),
    [
        (complain, "complaint", CUSTOMER | OFFICE),
        (complain, "suggestion", CUSTOMER | OFFICE),
        (about_tom, "complaint", CUSTOMER | {"hanna", "ada"}),
        (about_tom, "suggestion", CUSTOMER | {"hanna", "ada"}),
        (taken_down, "complaint", CUSTOMER | OFFICE),
        (about_tom_taken_down, "suggestion", CUSTOMER | {"tess", "hanna", "ada"}),
        (to_the_top, "complaint", CUSTOMER | OFFICE | {"bruno"}),
    ],
)
def test_who_may_know_of_it(cast, signed_in, make, kind, know):
    complaint = make(cast, kind=kind)
    pages, listed = {}, set()
    for name in PEOPLE:
        client = signed_in(getattr(cast, name))
        pages[name] = client.get(f"/complaints/{complaint.pk}/").status_code
        if complaint.title in client.get("/complaints/").content.decode():
            listed.add(name)
    assert pages == {name: 200 if name in know else 404 for name in PEOPLE}
    assert listed == know


def test_one_about_the_tam_reaches_the_business_manager_and_never_the_tam(cast):
    complaint = about_tom_to_the_top(cast)
    known = {name for name in PEOPLE if visible_to(getattr(cast, name), LATER).exists()}
    assert known == CUSTOMER | {"hanna", "bruno", "ada"}
    steps = complaint.escalations.order_by("level").values_list("level", "addressees")
    assert list(steps) == [(2, [cast.hanna.pk]), (3, [cast.bruno.pk])]


def test_a_foreign_one_is_nobodys_business(cast):
    complaint = of_globex(cast)
    known = {name for name in PEOPLE if visible_to(getattr(cast, name), LATER).exists()}
    assert known == {"olga", "tom", "dana", "hanna", "ada"}  # Tess is deputy at Acme only
    with pytest.raises(NotFound):
        get_complaint(cast.alice, complaint.pk, LATER)


def test_one_about_the_tam_is_hidden_from_them_whatever_they_are(cast):
    """Hanna manages the certificate herself: what is said about her goes past her."""
    cast.certificate.tam = cast.hanna
    cast.certificate.save()
    complaint = about_tom(cast)
    assert not visible_to(cast.hanna, LATER).exists()
    assert complaint.escalations.get().addressees == [cast.ada.pk]
    User.objects.create_user(
        "hugo@northlight.example", "x", name="Hugo", role=Role.TEAM_HEAD, office=cast.office
    )
    other = about_tom(cast)
    assert [person.name for person in people(other)] == ["Hugo"]


def test_with_the_only_head_left_out_it_goes_to_other_offices_heads(cast):
    cast.certificate.tam = cast.hanna
    cast.certificate.save()
    lyon = Office.objects.create(name="Lyon", timezone="Europe/Paris", week=cast.office.week)
    for name, active in (("Hugo", True), ("Henri", True), ("Hélène", False)):
        User.objects.create_user(
            f"{name}@northlight.example",
            "x",
            name=name,
            role=Role.TEAM_HEAD,
            office=lyon,
            is_active=active,
        )
    complaint = about_tom(cast)
    assert {person.name for person in people(complaint)} == {"Hugo", "Henri"}
    hugo = User.objects.get(name="Hugo")
    assert get_complaint(hugo, complaint.pk, LATER) == complaint
    assert list(addressed_to(hugo, LATER)) == [complaint.escalations.get()]


def test_a_business_manager_is_left_out_of_what_is_about_them_too(cast):
    cast.certificate.tam = cast.bruno
    cast.certificate.save()
    complaint = about_tom(cast)
    assert people(complaint) == [cast.hanna]
    complaints.raise_complaint(complaint=complaint, actor=cast.alice, text="…", at=MONDAY_NINE)
    assert people(complaint) == [cast.hanna]
    User.objects.create_user(
        "bela@northlight.example", "x", name="Bela", role=Role.BUSINESS_MANAGER
    )
    other = about_tom_to_the_top(cast)
    assert [person.name for person in people(other)] == ["Bela"]


def people(complaint):
    return list(User.objects.filter(pk__in=complaint.escalations.latest("level").addressees))


def test_the_incidents_page_keeps_it_from_the_tam_as_well(cast, signed_in):
    incident = cast.file()
    about_tom(cast, incident=incident, title="He is rude")
    complain(cast, incident=incident, title="It is slow")
    shown = {}
    for name in ("alice", "tom", "hanna"):
        page = signed_in(getattr(cast, name)).get(f"/incidents/{incident.reference}/escalation/")
        shown[name] = ["He is rude" in page.content.decode(), "It is slow" in page.content.decode()]
    assert shown == {"alice": [True, True], "tom": [False, True], "hanna": [True, True]}


# Over the levels.


def state(complaint):
    complaint.refresh_from_db()
    return complaint.state, complaint.escalations.latest("level").level


def highest(complaint):
    return complaint.escalations.latest("level")


def test_acknowledged_answered_raised_and_closed(cast):
    complaint = complain(cast)
    assert state(complaint) == ("open", 1)
    complaints.acknowledge_complaint(escalation=highest(complaint), actor=cast.tom, at=LATER)
    complaints.answer_complaint(
        escalation=highest(complaint), actor=cast.tom, text="Sorry.", at=LATER + MINUTE
    )
    assert state(complaint) == ("answered", 1)
    complaints.raise_complaint(
        complaint=complaint, actor=cast.bob, text="Not enough.", at=LATER + 2 * MINUTE, from_level=1
    )
    assert state(complaint) == ("open", 2)
    complaints.answer_complaint(
        escalation=highest(complaint), actor=cast.hanna, text="I call.", at=LATER + 3 * MINUTE
    )
    complaints.close_complaint(complaint=complaint, actor=cast.alice, at=LATER + 4 * MINUTE)
    assert state(complaint) == ("closed", 2)
    assert list(complaint.messages.values_list("author__name", "text")) == [
        ("Alice", "Three promises, no call."),
        ("Tom", "Sorry."),
        ("Bob", "Not enough."),
        ("Hanna", "I call."),
    ]
    levels = complaint.escalations.order_by("level").values_list(
        "level", "cause", "opened_by__name", "acknowledged_by__name", "answered_by__name"
    )
    assert list(levels) == [
        (1, "contact", "Alice", "Tom", "Tom"),
        (2, "contact", "Bob", "Hanna", "Hanna"),
    ]


def test_what_is_refused(cast):
    complaint = complain(cast)
    acts = {
        "foreign author": partial(complain, cast, author=cast.olga, actor=cast.olga),
        "staff as author": partial(complain, cast, author=cast.tom, actor=cast.tom),
        "other certificate": partial(complain, cast, incident=cast.file(by=cast.olga)),
        "about oneself": partial(about_tom, cast, actor=cast.tom),
    }
    for act in acts.values():
        with pytest.raises(Refused):
            act()
    with pytest.raises(NotAllowed):
        complain(cast, actor=cast.erik)
    first = highest(complaint)
    with pytest.raises(NotAllowed):
        complaints.acknowledge_complaint(escalation=first, actor=cast.hanna, at=LATER)
    with pytest.raises(NotAllowed):
        complaints.close_complaint(complaint=complaint, actor=cast.tom, at=LATER)
    complaints.raise_complaint(complaint=complaint, actor=cast.alice, text="…", at=LATER)
    with pytest.raises(Changed):
        complaints.acknowledge_complaint(escalation=first, actor=cast.tom, at=LATER)
    with pytest.raises(Changed):
        complaints.raise_complaint(
            complaint=complaint, actor=cast.alice, text="…", at=LATER, from_level=1
        )
    complaints.raise_complaint(complaint=complaint, actor=cast.alice, text="…", at=LATER)
    with pytest.raises(Conflict, match="highest level"):
        complaints.raise_complaint(complaint=complaint, actor=cast.alice, text="…", at=LATER)
    complaints.close_complaint(complaint=complaint, actor=cast.alice, at=LATER)
    for act in (
        partial(complaints.close_complaint, complaint=complaint, actor=cast.alice, at=LATER),
        partial(
            complaints.answer_complaint,
            escalation=highest(complaint),
            actor=cast.bruno,
            text="…",
            at=LATER,
        ),
    ):
        with pytest.raises(Conflict, match="closed already"):
            act()


def test_a_contact_who_is_named_no_more_reads_and_does_nothing(cast, signed_in):
    complaint = complain(cast)
    cast.certificate.contacts.get(user=cast.alice).delete()
    assert get_complaint(cast.alice, complaint.pk, LATER) == complaint
    with pytest.raises(NotAllowed):
        complaints.close_complaint(complaint=complaint, actor=cast.alice, at=LATER)


# Silence: the times are those of severity 3, in working time.


@pytest.fixture
def two_hours(cast):
    cast.office.acknowledge_minutes = {"1": 5, "3": 120}
    cast.office.save()
    cast.certificate.office.refresh_from_db()


def test_a_complaint_nobody_acknowledges_goes_up_in_working_time(cast, two_hours):
    complaint = complain(cast, at=MONDAY_NINE + 8 * HOUR)  # 17:00
    tuesday_ten = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    assert highest(complaint).acknowledge_by == tuesday_ten
    assert climbing.climb_due(at=tuesday_ten) == 0
    assert climbing.climb_due(at=tuesday_ten + 5 * HOUR) == 2
    levels = complaint.escalations.order_by("level").values_list("level", "cause", "opened_at")
    assert list(levels) == [
        (1, "contact", MONDAY_NINE + 8 * HOUR),
        (2, "silence", tuesday_ten),
        (3, "silence", tuesday_ten + 2 * HOUR),
    ]


def test_who_is_too_late_finds_it_gone_up(cast, two_hours):
    complaint = complain(cast)
    first = highest(complaint)
    late = MONDAY_NINE + 2 * HOUR + MINUTE
    with pytest.raises(Changed, match="gone up to level 2"):
        complaints.acknowledge_complaint(escalation=first, actor=cast.tom, at=late)
    climbing.climb_due(at=late)
    complaints.acknowledge_complaint(escalation=highest(complaint), actor=cast.hanna, at=late)
    assert climbing.climb_due(at=late + 90 * HOUR) == 0


def test_what_is_closed_in_time_does_not_climb(cast, two_hours):
    complaint = complain(cast)
    complaints.close_complaint(complaint=complaint, actor=cast.alice, at=MONDAY_NINE + 2 * HOUR)
    assert climbing.climb_due(at=MONDAY_NINE + 90 * HOUR) == 0
    assert state(complaint) == ("closed", 1)
    late = complain(cast)
    complaints.close_complaint(complaint=late, actor=cast.alice, at=MONDAY_NINE + 2 * HOUR + MINUTE)
    assert state(late) == ("closed", 2)


# Who is told.


def told():
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    mails = [
        (mail.to_name, mail.subject.partition("] ")[2]) for mail in Email.objects.order_by("id")
    ]
    Email.objects.all().delete()
    return mails


def test_everybody_concerned_is_told(cast, two_hours):
    complaint = complain(cast)
    assert told() == [("Tom", "Complaint at level 1"), ("Alice", "It has reached us: level 1")]
    complaints.acknowledge_complaint(
        escalation=highest(complaint), actor=cast.tess, at=MONDAY_NINE + MINUTE
    )
    assert told() == [
        ("Alice", "Acknowledged by Tess of Northlight"),
        ("Tom", "Acknowledged by Tess"),
    ]
    complaints.raise_complaint(complaint=complaint, actor=cast.bob, text="…", at=LATER)
    assert told() == [
        ("Hanna", "Complaint at level 2"),
        ("Alice", "It has reached us: level 2"),
        ("Bob", "It has reached us: level 2"),
    ]
    climbing.climb_due(at=LATER + 3 * HOUR)
    assert told() == [
        ("Bruno", "Gone up to level 3: Complaint"),
        ("Tom", "Gone up to level 3: Complaint"),
        ("Hanna", "Gone up to level 3: Complaint"),
        ("Alice", "Gone up to level 3"),
    ]
    complaints.answer_complaint(
        escalation=highest(complaint), actor=cast.bruno, text="Sorry.", at=LATER + 4 * HOUR
    )
    assert told() == [
        ("Alice", "Answered by Bruno of Northlight"),
        ("Tom", "Answered by Bruno"),
        ("Hanna", "Answered by Bruno"),
    ]
    complaints.close_complaint(complaint=complaint, actor=cast.bob, at=LATER + 5 * HOUR)
    assert told() == [
        ("Alice", "Closed by the customer"),
        ("Tom", "Closed by the customer"),
        ("Hanna", "Closed by the customer"),
        ("Bruno", "Closed by the customer"),
    ]


def test_the_contact_hears_that_it_was_taken_down_and_the_tam_nothing_about_himself(cast):
    complaint = about_tom_taken_down(cast)
    assert told() == [
        ("Hanna", "Complaint at level 2"),
        ("Alice", "Taken down for you: Complaint"),
    ]
    complaints.answer_complaint(
        escalation=highest(complaint), actor=cast.hanna, text="I speak to him.", at=LATER
    )
    complaints.close_complaint(complaint=complaint, actor=cast.alice, at=LATER)
    assert {name for name, _subject in told()} == {"Alice", "Hanna"}


def test_a_letter_says_until_when_and_whom_it_reached(cast, two_hours):
    complain(cast, incident=cast.file())
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    mail = Email.objects.get(to_name="Alice", subject__contains="It has reached us")
    assert mail.text.split("\n\n")[1:6] == [
        "The people below have been told and will acknowledge and answer it.",
        "Complaint:\n  Nobody calls back\n  INC-2026-000001",
        "Customer: Acme · MSA-1",
        "It reached: Tom",
        "To be acknowledged by: 11:00 · March 2, 2026 (Europe/Paris)",
    ]


# The pages.


FORM = {"kind": "complaint", "title": "Nobody calls", "text": "Three promises."}


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("alice", 200),
        ("olga", 200),
        ("tom", 200),
        ("tess", 200),
        ("dana", 200),
        ("hanna", 200),
        ("erik", 403),
        ("bruno", 403),
        ("ada", 403),
    ],
)
def test_who_may_make_one(cast, signed_in, person, status):
    assert signed_in(getattr(cast, person)).get("/complaints/new/").status_code == status


def test_a_contact_complains_of_how_an_incident_is_handled(cast, signed_in):
    incident = cast.file()
    client = signed_in(cast.alice)
    panel = client.get(f"/incidents/{incident.reference}/escalation/").content.decode()
    url = f"/complaints/new/?incident={incident.reference}"
    assert url in panel
    assert f'value="{incident.reference}"' in client.get(url).content.decode()
    form = {**FORM, "certificate": cast.certificate.pk, "reference": incident.reference.lower()}
    sent = client.post("/complaints/new/", form, follow=True)
    complaint = Complaint.objects.get()
    assert sent.redirect_chain == [(f"/complaints/{complaint.pk}/", 302)]
    assert (complaint.incident, complaint.author, complaint.logged_by) == (
        incident,
        cast.alice,
        None,
    )
    page = sent.content.decode()
    assert "Three promises." in page
    assert "Raise it further" in page
    assert "Close it" in page


def test_staff_take_one_down_for_a_contact(cast, signed_in):
    slot = cast.certificate.contacts.get(user=cast.bob)
    sent = signed_in(cast.dana).post("/complaints/new/", {**FORM, "contact": slot.pk})
    complaint = Complaint.objects.get()
    assert sent.url == f"/complaints/{complaint.pk}/"
    assert (complaint.author, complaint.logged_by) == (cast.bob, cast.dana)
    assert (complaint.customer, complaint.certificate) == (cast.acme, cast.certificate)
    assert highest(complaint).opened_by == cast.bob


@pytest.mark.parametrize(
    ("person", "changes", "error"),
    [
        ("alice", {"text": ""}, "This field is required."),
        ("alice", {"certificate": "0"}, "Select a valid choice."),
        ("alice", {"reference": "INC-2026-000002"}, "no such incident on certificate MSA-1"),
        ("alice", {"kind": "praise"}, "praise is not one of the available choices."),
        ("tom", {"contact": ""}, "This field is required."),
        ("tom", {"about_tam": "on"}, "A complaint about yourself is taken down by somebody else"),
        ("tess", {"contact": "globex"}, "Select a valid choice."),
    ],
)
def test_bad_input_is_named_and_what_was_typed_stays(cast, signed_in, person, changes, error):
    cast.file()
    cast.file(by=cast.olga)
    slots = {
        "contact": cast.certificate.contacts.get(user=cast.alice).pk,
        "globex": cast.globex_certificate.contacts.get().pk,
    }
    form = {**FORM, "certificate": cast.certificate.pk, "contact": slots["contact"], **changes}
    form["contact"] = slots.get(str(form["contact"]), form["contact"])
    sent = signed_in(getattr(cast, person)).post("/complaints/new/", form)
    assert sent.status_code == 422
    page = sent.content.decode()
    assert error in page
    assert 'value="Nobody calls"' in page
    assert not Complaint.objects.exists()


def test_a_form_sent_twice_is_one_complaint(cast, signed_in):
    form = {**FORM, "certificate": cast.certificate.pk, "idempotency_key": KEY}
    client = signed_in(cast.alice)
    urls = {client.post("/complaints/new/", form).url for _ in range(2)}
    assert urls == {f"/complaints/{Complaint.objects.get().pk}/"}


def test_the_acts_of_a_page(cast, signed_in):
    complaint = complain(cast)
    url = f"/complaints/{complaint.pk}/"
    alice, tom, bob = (signed_in(person) for person in (cast.alice, cast.tom, cast.bob))
    assert "Acknowledge</button>" in tom.get(url).content.decode()
    first = highest(complaint)
    assert tom.post(f"/escalations/{first.pk}/acknowledgement/").url == url
    assert tom.post(f"/escalations/{first.pk}/answer/", {"text": "Sorry."}).url == url
    assert alice.get(f"{url}escalations/").status_code == 200
    assert tom.get(f"{url}escalations/").status_code == 403
    assert alice.post(f"{url}escalations/", {"text": "", "from_level": "1"}).status_code == 422
    form = {"text": "Not enough.", "from_level": "1"}
    assert alice.post(f"{url}escalations/", form).url == url
    again = bob.post(f"{url}escalations/", form)
    assert again.status_code == 409
    assert "Not enough." in again.content.decode()
    assert 'name="from_level" value="2"' in again.content.decode()
    assert tom.post(f"{url}closing/").status_code == 403
    assert alice.post(f"{url}closing/").url == url
    assert state(complaint) == ("closed", 2)
    page = alice.get(url).content.decode()
    assert "Raise it further" not in page
    assert "Acknowledge</button>" not in signed_in(cast.hanna).get(url).content.decode()


def test_whom_it_reached_may_not_know_of_its_incident(cast, signed_in):
    incident = cast.file()
    complaint = to_the_top(cast, incident=incident)
    page = signed_in(cast.bruno).get(f"/complaints/{complaint.pk}/").content.decode()
    assert incident.reference in page
    assert f"/incidents/{incident.reference}/" not in page
    assert f"/incidents/{incident.reference}/" in (
        signed_in(cast.tom).get(f"/complaints/{complaint.pk}/").content.decode()
    )


@pytest.mark.parametrize("person", ["alice", "hanna"])
def test_the_list_costs_the_same_with_one_and_three(
    cast, signed_in, django_assert_num_queries, person
):
    client = signed_in(getattr(cast, person))
    incident = cast.file()
    complain(cast, incident=incident)
    with django_assert_num_queries(20, exact=False) as counted:
        client.get("/complaints/")
    complain(cast, incident=incident)
    to_the_top(cast)
    with django_assert_num_queries(len(counted)):
        client.get("/complaints/")
    assert Escalation.objects.count() == 5


def test_a_complaint_stays_hidden_from_whom_it_is_about_whatever_they_become(cast):
    complaint = about_tom(cast)
    cast.certificate.tam, cast.certificate.deputy = cast.tess, None
    cast.certificate.save(update_fields=["tam", "deputy"])
    User.objects.filter(pk=cast.tom.pk).update(role=Role.TEAM_HEAD)
    promoted = User.objects.get(pk=cast.tom.pk)
    assert list(visible_to(promoted, LATER)) == []
    assert list(addressed_to(promoted, LATER)) == []
    assert list(visible_to(cast.hanna, LATER)) == [complaint]
