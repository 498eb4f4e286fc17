"""What could not be delivered, as administrators see it and try it again (SPEC 18)."""

import pytest
from django.urls import reverse

from msa.outbox.actions import publish
from msa.outbox.mail import queue_email
from msa.outbox.models import Delivery, Email, Message
from tests.msa.outbox import NOON, seconds

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(cast, signed_in):
    Message.objects.all().delete()  # what the cast's own agreements published
    return signed_in(cast.ada)


def url(model, page="changelist", *args):
    return reverse(f"admin:outbox_{model}_{page}", args=args)


def delivery(**state):
    publish("incident.filed", {"incident": 7, "entry": 1}, at=NOON, stream="INC-2026-000007")
    message = Message.objects.latest("pk")
    return Delivery.objects.create(message=message, handler="tam.handlers.tell", **state)


def email(number, **state):
    queue_email(
        dedupe_key=f"mail-{number}",
        to_address="alice@acme.example",
        to_name="Alice",
        language="en",
        subject=f"Answer {number}",
        text="Here is what we found.",
        at=NOON,
    )
    mail = Email.objects.latest("pk")
    Email.objects.filter(pk=mail.pk).update(**state)
    return mail


def failed_delivery():
    return delivery(attempts=6, failed_at=seconds(60), last_error="ValueError: no such person")


def failed_email(number=1):
    return email(
        number, attempts=9, tried_at=NOON, failed_at=seconds(60), last_error="SMTPDataError: 550"
    )


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def shown(admin, model, outcome):
    page = admin.get(url(model), {"outcome": outcome})
    return [row.pk for row in page.context["cl"].result_list]


def test_failures_waits_and_successes_are_told_apart(admin):
    failed, waiting, done = failed_delivery(), delivery(), delivery(done_at=NOON)
    assert shown(admin, "delivery", "failed") == [failed.pk]
    assert shown(admin, "delivery", "waiting") == [waiting.pk]
    assert shown(admin, "delivery", "done") == [done.pk]
    failed, waiting, done = failed_email(1), email(2), email(3, sent_at=NOON)
    assert shown(admin, "email", "failed") == [failed.pk]
    assert shown(admin, "email", "waiting") == [waiting.pk]
    assert shown(admin, "email", "done") == [done.pk]


def test_a_failed_delivery_is_tried_again(admin):
    failed, done = failed_delivery(), delivery(attempts=1, done_at=NOON)
    chosen = {"action": "try_again", "_selected_action": [failed.pk, done.pk]}
    response = admin.post(url("delivery"), chosen, follow=True)
    assert messages_of(response) == ["1 will be tried again."]
    failed.refresh_from_db()
    done.refresh_from_db()
    assert (failed.attempts, failed.retry_at, failed.failed_at) == (0, None, None)
    assert (done.attempts, done.done_at) == (1, NOON)


def test_a_failed_mail_is_tried_again(admin):
    mail = failed_email()
    chosen = {"action": "try_again", "_selected_action": [mail.pk]}
    response = admin.post(url("email"), chosen, follow=True)
    assert messages_of(response) == ["1 will be tried again."]
    mail.refresh_from_db()
    assert (mail.attempts, mail.tried_at, mail.failed_at) == (0, None, None)


def test_what_has_not_failed_is_not_tried_again(admin):
    mail = email(1, attempts=2, next_attempt_at=seconds(30))
    chosen = {"action": "try_again", "_selected_action": [mail.pk]}
    response = admin.post(url("email"), chosen, follow=True)
    assert messages_of(response) == [
        "Nothing of that has failed: what waits is tried by itself, what is done stays."
    ]
    mail.refresh_from_db()
    assert (mail.attempts, mail.next_attempt_at) == (2, seconds(30))


def test_everything_is_read_only(admin):
    rows = {"delivery": failed_delivery(), "email": failed_email()}
    rows["message"] = rows["delivery"].message
    for model, row in rows.items():
        assert admin.get(url(model, "change", row.pk)).status_code == 200
        for address in (
            url(model, "change", row.pk),
            url(model, "delete", row.pk),
            url(model, "add"),
        ):
            assert admin.post(address, {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        admin.post(url(model), chosen)
    assert [Message.objects.count(), Delivery.objects.count(), Email.objects.count()] == [1, 1, 1]


def test_a_messages_page_shows_what_became_of_it(admin):
    failed = failed_delivery()
    page = admin.get(url("message", "change", failed.message_id)).content.decode()
    assert "tam.handlers.tell" in page
    assert "ValueError: no such person" in page


@pytest.mark.parametrize(("model", "queries"), [("message", 12), ("delivery", 10), ("email", 12)])
def test_a_list_costs_the_same_for_one_row_and_for_three(
    admin, django_assert_num_queries, model, queries
):
    for number in range(3):
        failed_delivery()
        failed_email(number)
    rows = {"message": Message, "delivery": Delivery, "email": Email}[model]
    keys = [str(pk) for pk in rows._default_manager.values_list("pk", flat=True)]
    for listed in (keys[:1], keys):
        with django_assert_num_queries(queries):
            page = admin.get(url(model), {"id__in": ",".join(listed)})
        assert len(page.context["cl"].result_list) == len(listed)
