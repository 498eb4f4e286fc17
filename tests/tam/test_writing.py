"""A message and the handing on of its incident, sent in one step."""

import pytest

from accounts.models import Team, User
from msa import clock
from tests.conftest import MONDAY_NINE
from tests.tam.test_reply_templates import LATER, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ten_past_nine():
    with clock.at(LATER):
        yield


@pytest.fixture
def incident(cast):
    return cast.file()


def send_on(client, incident, to, **fields):
    path = f"/incidents/{incident.reference}/messages/handed/"
    form = {"kind": "response", "text": "We look.", "qualified": "on", "hand_to": to} | fields
    return client.post(path, form)


def test_a_reply_and_the_handing_on_are_one_step(cast, incident, signed_in):
    response = send_on(signed_in(cast.tom), incident, f"person-{cast.erik.pk}")
    assert response.status_code == 302
    kinds = list(incident.journal.order_by("number").values_list("kind", flat=True))[-2:]
    assert (incident.journal.filter(kind="responded").count(), kinds[-1]) == (1, "assigned")
    assert list(incident.handlings.values_list("user__name", flat=True)) == ["Erik"]
    page = words(signed_in(cast.tom).get(f"/incidents/{incident.reference}/"))
    assert "Tom assigned this incident to Erik" in page


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("", "Choose to whom to hand it on."),
        ("person-999999", "Choose to whom to hand it on."),
        ("team-x", "Choose to whom to hand it on."),
        ("ada", "Choose to whom to hand it on."),
    ],
)
def test_what_the_handing_refuses_is_not_sent_either(cast, incident, signed_in, to, message):
    response = send_on(signed_in(cast.tom), incident, to)
    assert response.status_code == 422
    assert message in words(response)
    assert "We look.</textarea>" in response.content.decode()
    assert incident.messages.count() == 1


@pytest.mark.parametrize("person", ["alice", "olga", "bruno", "ada", "erik"])
def test_it_is_handed_only_to_those_who_are_offered(cast, incident, signed_in, person):
    User.objects.filter(pk=cast.erik.pk).update(is_active=False)
    response = send_on(signed_in(cast.tom), incident, f"person-{getattr(cast, person).pk}")
    assert response.status_code == 422
    page = words(response)
    assert "Choose to whom to hand it on." in page
    assert "does not work on incidents" not in page


def test_nor_to_a_team_that_takes_none(cast, incident, signed_in):
    lab = Team.objects.create(name="Secret lab", is_active=False)
    response = send_on(signed_in(cast.tom), incident, f"team-{lab.pk}")
    assert response.status_code == 422
    assert "Choose to whom to hand it on." in words(response)
    assert "Secret lab" not in words(response)


def test_who_may_not_assign_sends_nothing(cast, incident, signed_in):
    incident.handlings.create(
        customer=cast.acme, user=cast.erik, reason="assigned", since=MONDAY_NINE
    )
    response = send_on(signed_in(cast.erik), incident, f"person-{cast.tom.pk}")
    assert response.status_code == 403
    assert incident.messages.count() == 1


def test_a_solution_with_a_workaround_lowers_the_severity(cast, signed_in):
    incident = cast.file("product-network-down")
    form = {"kind": "solution", "text": "Restart it daily.", "workaround": "on"}
    path = f"/incidents/{incident.reference}/messages/"
    assert signed_in(cast.tom).post(path, form).status_code == 302
    incident.refresh_from_db()
    assert (incident.state, incident.severity) == ("solution_offered", 2)
    kinds = list(incident.journal.filter(actor=cast.tom).values_list("kind", flat=True))
    assert kinds == ["solution_offered", "workaround_recorded", "severity_changed"]
