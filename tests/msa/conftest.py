import pytest

from tests.smtp import mail_server


@pytest.fixture
def mail_settings(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.MAIL_DOMAIN = "desk.example"
    settings.DEFAULT_FROM_EMAIL = "Northlight <support@desk.example>"
    settings.OUTBOX_WAKE = ""


@pytest.fixture
def smtp(mail_settings, settings):
    with mail_server() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = running.host, running.port
        yield running
