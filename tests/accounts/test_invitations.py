"""Links to choose a password: who is invited, for how long a link is good, and who may use it."""

import re
from datetime import date, timedelta

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache

from accounts.actions.certificates import (
    issue_certificate,
    issue_version,
    name_contact,
    reissue,
    remove_contact,
)
from accounts.actions.invitations import (
    InvitationTokens,
    ResetTokens,
    choose_password,
    invite,
    is_named,
    may_sign_in,
)
from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import Certificate, Contact, Role, User
from accounts.notifications import LETTERS
from accounts.tenancy import set_scope
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)
PASSWORD = "a quiet harbour"


@pytest.fixture(autouse=True)
def monday_nine():
    cache.clear()
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture
def cleo(cast):
    return User.objects.create_user(
        "cleo@acme.example",
        name="Cleo",
        role=Role.CONTACT,
        customer=cast.acme,
        timezone="Europe/Paris",
    )


def name(cast, person, by=None):
    """Name a person and issue the version that prints it."""
    name_contact(certificate=cast.certificate, user=person)
    issue_version(
        certificate=cast.certificate,
        requested_by=by or cast.alice,
        approved_by=cast.ada,
        at=MONDAY_NINE,
    )


def invitations():
    relay.drain(LETTERS)
    return list(Email.objects.filter(subject__contains="invited to").order_by("pk"))


def path_in(mail):
    found = re.search(r"http://testserver(/\S+)", mail.text)
    assert found is not None
    return found.group(1)


@pytest.fixture
def link(cast, cleo):
    name(cast, cleo)
    return path_in(invitations()[0])


def words(response):
    main = response.content.decode().partition('<main id="main"')[2]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def choose(client, link, password=PASSWORD):
    """Open a link and send the form that it leads to."""
    page = client.get(link, follow=True)
    if page.status_code != 200:
        return page
    address = page.redirect_chain[-1][0]
    return client.post(address, {"new_password1": password, "new_password2": password})


def test_whoever_is_named_without_a_password_is_invited(cast, cleo):
    name(cast, cleo)

    (mail,) = invitations()
    assert (mail.to_address, mail.subject) == (
        "cleo@acme.example",
        "[MSA-1] You are invited to the support desk",
    )
    assert "Alice has asked for you to be named as a contact, and you are." in mail.text
    assert "Certificate: MSA-1" in mail.text
    assert "until March 9, 2026 09:00 CET." in mail.text
    assert path_in(mail).startswith("/invitation/")


def test_the_first_version_invites_all_without_a_password_and_tells_nobody_else(cast, cleo):
    relay.drain(LETTERS)
    Email.objects.all().delete()
    issue_certificate(
        certificate=Certificate(
            number="MSA-3",
            customer=cast.acme,
            programme=cast.certificate.programme,
            office=cast.office,
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
            tam=cast.tom,
        ),
        contacts=[cast.bob, cleo],
        actor=cast.ada,
        at=MONDAY_NINE,
    )
    assert [mail.to_address for mail in invitations()] == ["cleo@acme.example"]
    assert Email.objects.count() == 1
    assert "You are named as a contact." in Email.objects.get().text


def test_later_versions_invite_nobody_again(cast, cleo):
    name(cast, cleo)
    cast.alice.phone = "1"
    cast.alice.save()
    reissue(certificates=[cast.certificate], actor=cast.ada, at=MONDAY_NINE)
    assert len(invitations()) == 1


def test_the_letter_is_in_the_persons_language(cast, cleo):
    cleo.language = "fr"
    cleo.save()
    name(cast, cleo)
    relay.drain(LETTERS)
    assert Email.objects.get(to_address="cleo@acme.example").language == "fr"


def test_to_look_at_the_link_uses_nothing_up(client, link):
    for _time in range(3):
        page = client.get(link, follow=True)
        assert (page.status_code, page.redirect_chain[-1][0][-14:]) == (200, "/set-password/")
    assert "Welcome to the support desk" in words(page)
    assert "Choose a password for cleo@acme.example" in words(page)
    assert client.head(link).status_code == 302


def test_the_link_sets_a_password_and_signs_in(client, link, cleo):
    answer = choose(client, link)

    assert (answer.status_code, answer.url) == (302, "/")
    assert client.get("/").status_code == 200
    cleo.refresh_from_db()
    assert cleo.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("first", "second", "field", "error"),
    [
        ("a quiet harbour", "another", "new_password2", "The two password fields didn’t match."),
        ("12345678", "12345678", "new_password2", "This password is too common."),
    ],
)
def test_a_bad_password_is_told(client, link, cleo, first, second, field, error):
    address = client.get(link, follow=True).redirect_chain[-1][0]
    answer = client.post(address, {"new_password1": first, "new_password2": second})
    assert answer.status_code == 422
    assert error in answer.context["form"].errors[field]
    cleo.refresh_from_db()
    assert not cleo.has_usable_password()


USED = (
    "This link no longer works This invitation has been used, or it is too old. If you have chosen "
    "a password, sign in with it. Otherwise have a new link sent to you. Send me a new link Sign in"
)


def test_a_used_link_says_what_to_do(client, link):
    choose(client, link)
    client.logout()
    page = client.get(link)
    assert (page.status_code, words(page).partition(">")[2].strip()) == (410, USED)


def test_after_a_week_it_is_too_old(client, link, cleo):
    with clock.at(MONDAY_NINE + WEEK):
        assert client.get(link).status_code == 302
    with clock.at(MONDAY_NINE + WEEK + SECOND):
        assert client.get(link).status_code == 410
    with clock.at(MONDAY_NINE + WEEK):
        address = client.get(link).url
    with clock.at(MONDAY_NINE + WEEK + SECOND):
        sent = {"new_password1": PASSWORD, "new_password2": PASSWORD}
        assert client.post(address, sent).status_code == 410
    cleo.refresh_from_db()
    assert not cleo.has_usable_password()


@pytest.mark.parametrize("path", ["/invitation/x/y/", "/invitation/MQ/set-password/"])
def test_a_made_up_link_is_none(client, cast, path):
    assert client.get(path).status_code == 410


def test_a_link_is_for_one_person_and_one_kind(client, cast, link, cleo):
    kind, uid, token = link.strip("/").split("/")
    assert kind == "invitation"
    assert client.get(f"/password/new/{uid}/{token}/").status_code == 410
    forged = token[:-1] + ("1" if token.endswith("0") else "0")
    assert client.get(f"/invitation/{uid}/{forged}/").status_code == 410
    reset = default_token_generator.make_token(cleo)
    assert client.get(f"/invitation/{uid}/{reset}/").status_code == 410


def test_of_two_at_once_one_sets_the_password(cast, link, cleo):
    token = link.strip("/").split("/")[2]
    tokens = InvitationTokens(at=MONDAY_NINE)
    choose_password(person=cleo, token=token, tokens=tokens, password=PASSWORD)
    with pytest.raises(Conflict):
        choose_password(person=cleo, token=token, tokens=tokens, password="another harbour")
    cleo.refresh_from_db()
    assert cleo.check_password(PASSWORD)


NOT_NAMED = (
    "This link no longer works No certificate names you as a contact any more, so you cannot sign "
    "in. Ask a contact of your organisation to have you added."
)


def test_who_is_removed_loses_the_link(client, link, cleo):
    address = client.get(link).url
    remove_contact(contact=Contact.objects.get(user=cleo))
    for page in (
        client.get(link),
        client.get(address),
        client.post(address, {"new_password1": PASSWORD, "new_password2": PASSWORD}),
    ):
        assert (page.status_code, words(page).partition(">")[2].strip()) == (410, NOT_NAMED)
    cleo.refresh_from_db()
    assert not cleo.has_usable_password()


def test_a_closed_account_has_no_link(client, link, cleo):
    cleo.is_active = False
    cleo.save()
    assert client.get(link).status_code == 410


def test_a_link_opened_while_somebody_else_is_signed_in(signed_in, cast, link, cleo):
    client = signed_in(cast.olga)
    answer = choose(client, link)
    assert (answer.status_code, answer.url) == (302, "/")
    assert client.session["_auth_user_id"] == str(cleo.pk)


def test_an_invitation_is_renewed_by_an_administrator(cast, cleo):
    name(cast, cleo)
    invitations()
    with pytest.raises(NotAllowed):
        invite(person=cleo, actor=cast.tom, at=MONDAY_NINE)
    invite(person=cleo, actor=cast.ada, at=MONDAY_NINE + WEEK)
    invite(person=cleo, actor=cast.ada, at=MONDAY_NINE + WEEK)
    mails = invitations()
    assert [mail.to_address for mail in mails] == ["cleo@acme.example"] * 2
    assert "Invited by: Ada" in mails[1].text


def test_who_has_a_password_or_may_not_sign_in_is_not_invited(cast, cleo):
    with pytest.raises(Refused, match="Alice has a password already"):
        invite(person=cast.alice, actor=cast.ada, at=MONDAY_NINE)
    with pytest.raises(Refused, match="Cleo may not sign in: no certificate names them"):
        invite(person=cleo, actor=cast.ada, at=MONDAY_NINE)


def test_an_invitation_that_is_late_is_not_sent_to_who_was_removed(cast, cleo):
    name(cast, cleo)
    invitations()
    invite(person=cleo, actor=cast.ada, at=MONDAY_NINE)
    remove_contact(contact=Contact.objects.get(user=cleo))
    assert len(invitations()) == 1


def test_staff_are_invited_too(client, cast):
    eve = User.objects.create_user("eve@northlight.example", name="Eve", role=Role.ENGINEER)
    invite(person=eve, actor=cast.ada, at=MONDAY_NINE)
    (mail,) = invitations()
    assert mail.subject == "[Your account] You are invited to the support desk"
    assert choose(client, path_in(mail)).url == "/"


@pytest.mark.parametrize(
    ("tokens", "good_for"), [(InvitationTokens, WEEK), (ResetTokens, WEEK / 7)]
)
def test_how_long_a_token_is_good(cast, tokens, good_for):
    token = tokens(at=MONDAY_NINE).make_token(cast.bob)
    good = {
        age: tokens(at=MONDAY_NINE + age).check_token(cast.bob, token)
        for age in (timedelta(0), good_for, good_for + SECOND)
    }
    assert good == {timedelta(0): True, good_for: True, good_for + SECOND: False}
    for nonsense in ("", "x", "x-y", "!-y", None):
        assert tokens(at=MONDAY_NINE).check_token(cast.bob, nonsense) is False


def test_whether_somebody_is_named_is_asked_without_leaving_a_scope(cast):
    set_scope(customers=[cast.globex.pk])
    assert is_named(cast.bob)
    assert may_sign_in(cast.tom)
    assert set(Contact.objects.values_list("user__name", flat=True)) == {"Olga"}
