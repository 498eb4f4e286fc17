"""Saved views of the queue, and how a person wants its rows."""

import re

import pytest

from msa import clock
from tam.actions.queue_views import MOST_VIEWS, save_view
from tam.models import QueuePreference, QueueView
from tests.conftest import MONDAY_NINE
from tests.tam.test_queue import (
    OF_MIDDLEWARE,
    OF_THE_CLIENT,
    OF_THE_SHELL,
    Screen,
    attribute,
    screen,
)

__all__ = ["screen"]  # a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(signed_in):
    """Return how a person gets and posts at a working hour."""

    class Desk:
        def __init__(self, person):
            self.client = signed_in(person)

        def get(self, address):
            with clock.at(MONDAY_NINE):
                return self.client.get(address)

        def post(self, address, **data):
            with clock.at(MONDAY_NINE):
                return self.client.post(address, data)

    return Desk


def shown_views(response) -> list[tuple[str, str, str]]:
    found = re.findall(
        r'id="view-\d+" href="([^"]+)"[^>]*>.*?<span>([^<]+?)\s*(?:<small>[^<]+</small>)?</span>'
        r' <span class="nav-count">(\d+)<',
        response.content.decode(),
        re.DOTALL,
    )
    return [(url, name, count) for url, name, count in found]


def names(user) -> list[str]:
    return list(QueueView.objects.filter(owner=user).values_list("name", flat=True))


def test_a_view_is_saved_shown_and_counted(cast, desk, screen):
    cast.file("product-crash-or-loss")
    cast.file()
    saved = desk(cast.tom).post("/queue/views/?severity=1&q=scans", name="Burning")
    assert (saved.status_code, saved.url) == (302, "/queue/?severity=1&q=scans")
    view = QueueView.objects.get()
    assert (view.owner, view.office, view.query) == (cast.tom, None, "severity=1&q=scans")
    page = screen.open()
    assert shown_views(page) == [("/queue/?severity=1&amp;q=scans", "Burning", "1")]
    current = screen.open("?severity=1&q=scans").content.decode()
    assert re.search(r'id="view-1" [^>]*aria-current="page"', current)


def test_a_poll_brings_the_views_counts(cast, screen):
    save_view(actor=cast.tom, name="Burning", query="severity=1", shared=False)
    poll = f"?v={attribute(screen.open(), 'data-version')}"
    cast.file("product-crash-or-loss")
    changed = screen.poll(poll)
    assert 'id="queue-views" hx-swap-oob="true"' in changed.content.decode()
    assert shown_views(changed) == [("/queue/?severity=1", "Burning", "1")]


def test_a_shared_view_is_the_offices_to_see_and_its_owners_and_the_heads_to_change(cast, desk):
    desk(cast.tom).post("/queue/views/?tab=mine", name="Ours", shared="on")
    desk(cast.tom).post("/queue/views/?tab=soon", name="My own")
    view, own = QueueView.objects.order_by("id")
    tess, hanna, ada = desk(cast.tess), desk(cast.hanna), desk(cast.ada)
    assert [name for _url, name, _n in shown_views(tess.get("/queue/"))] == ["Ours"]
    assert shown_views(ada.get("/queue/")) == []
    statuses = {
        person: [
            each.post(f"/queue/views/{view.pk}/", name="Renamed", shared="on").status_code,
            each.post(f"/queue/views/{own.pk}/", name="Renamed").status_code,
        ]
        for person, each in (("tess", tess), ("ada", ada), ("hanna", hanna))
    }
    assert statuses == {"tess": [403, 404], "ada": [404, 404], "hanna": [302, 404]}
    view.refresh_from_db()
    assert (view.name, view.office, view.owner) == ("Renamed", cast.office, cast.tom)
    assert tess.post(f"/queue/views/{view.pk}/removal/").status_code == 403
    assert hanna.post(f"/queue/views/{view.pk}/removal/").status_code == 302
    assert names(cast.tom) == ["My own"]


def test_a_name_is_taken_once_and_what_was_typed_stays(cast, desk):
    tom = desk(cast.tom)
    tom.post("/queue/views/?tab=soon", name="Soon")
    again = tom.post("/queue/views/?tab=mine", name="Soon", shared="on")
    assert again.status_code == 422
    assert "There is a view of this name already." in again.content.decode()
    assert 'value="Soon"' in again.content.decode()
    assert tom.post("/queue/views/?tab=mine", name=" ").status_code == 422
    assert tom.post("/queue/views/?tab=mine", name="x" * 61).status_code == 422
    assert desk(cast.tess).post("/queue/views/?tab=mine", name="Soon").status_code == 302
    assert names(cast.tom) == ["Soon"]


def test_views_have_limits(cast, desk):
    tom = desk(cast.tom)
    too_long = tom.post("/queue/views/?q=" + "%D1%89" * 200, name="Long")
    assert too_long.status_code == 422
    assert "too long to be kept" in too_long.content.decode()
    for number in range(MOST_VIEWS):
        save_view(actor=cast.tom, name=f"View {number}", query="tab=mine", shared=False)
    full = tom.post("/queue/views/?tab=soon", name="One more")
    assert "You have 20 views already" in full.content.decode()
    assert len(names(cast.tom)) == 20


def test_who_has_no_office_shares_with_none(cast, desk):
    ada = desk(cast.ada)
    assert "Share with my office" not in ada.get("/queue/views/?tab=soon").content.decode()
    ada.post("/queue/views/?tab=soon", name="Soon", shared="on")
    assert QueueView.objects.get().office is None


def test_views_are_put_in_order(cast, desk):
    tom = desk(cast.tom)
    for name in ("A", "B", "C"):
        save_view(actor=cast.tom, name=name, query="tab=mine", shared=False)
    last = QueueView.objects.get(name="C")
    for to, expected in (("up", "ACB"), ("up", "CAB"), ("up", "CAB"), ("down", "ACB")):
        tom.post(f"/queue/views/{last.pk}/position/", to=to)
        assert "".join(names(cast.tom)) == expected


def test_an_address_saved_long_ago_never_breaks_the_page(cast, screen):
    save_view(actor=cast.tom, name="Old", query="tab=gone&severity=7&x=%zz", shared=False)
    save_view(actor=cast.tom, name="Closed", query="tab=closed", shared=False)
    response = screen.open()
    assert [name for _url, name, _count in shown_views(response)] == ["Old"]
    assert ">Closed</span>" in response.content.decode()


def test_columns_and_density_are_kept_for_the_person(cast, desk, screen):
    cast.file()
    headings = re.compile(r'<th scope="col"[^>]*>([^<]+)</th>')
    assert headings.findall(screen.open().content.decode()) == [
        "Incident", "State", "Deadline", "Owner", "Last event",
    ]  # fmt: skip
    kept = desk(cast.tom).post(
        "/queue/preference/", columns=["certificate", "state"], density="compact", sound="on"
    )
    assert (kept.status_code, kept.url) == (302, "/queue/")
    html = screen.open().content.decode()
    assert headings.findall(html) == ["Incident", "State", "Certificate"]
    assert '<td class="queue-more mono">MSA-1</td>' in html
    assert '<div class="queue is-compact">' in html
    assert " data-sound " in html
    assert " data-sound " not in Screen(desk(cast.tess).client).open().content.decode()
    form = desk(cast.tom).get("/queue/preference/").content.decode()
    assert len(re.findall(r" checked", form)) == 4


def test_a_preference_that_is_none_is_refused(cast, desk):
    tom = desk(cast.tom)
    assert tom.post("/queue/preference/", columns=["secret"], density="compact").status_code == 422
    assert tom.post("/queue/preference/", density="huge").status_code == 422
    assert not QueuePreference.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "address",
    ["/queue/views/", "/queue/views/1/", "/queue/preference/", "/queue/filter/"],
)
def test_for_customers_there_are_no_such_pages(cast, desk, address, method):
    assert getattr(desk(cast.alice), method)(address).status_code in {404, 405}
    assert desk(cast.alice).get(address).status_code == 404


@pytest.mark.parametrize("views", [1, 3])
def test_more_views_cost_no_more_queries(cast, screen, views, django_assert_num_queries):
    cast.file()
    for number in range(views):
        save_view(actor=cast.tom, name=f"View {number}", query="severity=1", shared=False)
    with (
        clock.at(MONDAY_NINE),
        django_assert_num_queries(OF_MIDDLEWARE + 15 + OF_THE_SHELL + OF_THE_CLIENT),
    ):
        screen.client.get("/queue/")
