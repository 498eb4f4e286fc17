"""Settings of MSA Desk: one file, read from the environment.

Every variable is listed in README.md. A value that cannot be used is refused with a sentence.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent.parent


def _required(name: str, hint: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: {hint}")
    return value


def _flag(name: str, default: str = "") -> bool:
    return (os.environ.get(name) or default).lower() in {"1", "true", "yes", "on"}


def _listed(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in (os.environ.get(name) or default).split(",") if item.strip()]


def _number(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} is “{value}”; expected a whole number.")
    return int(value)


def _database(url: str, role: str, *, pooled: bool) -> dict[str, Any]:
    """Return Django's settings for a libpq URL, each connection assuming `role` (none if empty)."""
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL is not a PostgreSQL address: {error}".strip()
        ) from error
    names = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    options: dict[str, Any] = {k: v for k, v in parts.items() if k not in names}
    if role:
        options["options"] = f"-c role={role}"
    if pooled:
        options["pool"] = {"min_size": 1, "max_size": 12, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{django: str(parts.get(libpq, "")) for libpq, django in names.items()},
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,  # a restarted server costs no request an error
    }


DEBUG = _flag("DEBUG")
SECRET_KEY = _required("SECRET_KEY", "make one with `openssl rand -hex 32` and keep it.")
BASE_URL = os.environ.get("BASE_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = _listed("ALLOWED_HOSTS", f"{urlsplit(BASE_URL).hostname},localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _listed("CSRF_TRUSTED_ORIGINS", BASE_URL)

VENDOR_NAME = os.environ.get("VENDOR_NAME", "Northlight")

INSTALLED_APPS = [
    "msa.apps.MsaConfig",  # first: its `migrate` prepares the database role
    "msa.apps.MsaAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "django_htmx",
    "import_export",
    "template_partials",
    # Before accounts, whose admin pages take the place of theirs.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "msa.outbox",
    "accounts",
    "incidents",
    "tam",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "msa.middleware.ReceptionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "msa.middleware.PersonMiddleware",
    "msa.middleware.TextMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "msa.middleware.SessionUseMiddleware",
    "msa.middleware.SecondFactorMiddleware",
    "msa.middleware.TenantMiddleware",
]

ROOT_URLCONF = "msa.urls"
WSGI_APPLICATION = "msa.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "msa.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "msa.forms.MsaFormRenderer"

# The schema's owner migrates; the application assumes a role that owns nothing and cannot bypass
# row-level security (docs/architecture.md).
DATABASE_ROLE = os.environ.get("DATABASE_ROLE", "msa_app")
_DATABASE_URL = _required("DATABASE_URL", "for example postgresql://msa:…@localhost/msa.")
DATABASE_APPLICATION = _database(_DATABASE_URL, DATABASE_ROLE, pooled=not _flag("NO_POOL"))
DATABASE_OWNER = _database(
    os.environ.get("DATABASE_OWNER_URL") or _DATABASE_URL, role="", pooled=False
)
DATABASES = {"default": {**DATABASE_APPLICATION}}

REDIS_URL = _required("REDIS_URL", "for example redis://localhost:6379.")


def _redis(database: int, *, broker: bool = False) -> str:
    """Return the address of one Redis database, for the cache or for Celery's broker."""
    if REDIS_URL.startswith("unix:"):
        path = urlsplit(REDIS_URL).path
        if broker:
            return f"redis+socket://{path}?virtual_host={database}"
        return f"unix://{path}?db={database}"
    return f"{REDIS_URL.rstrip('/')}/{database}"


if urlsplit(REDIS_URL).scheme != "unix" and urlsplit(REDIS_URL).path.strip("/"):
    raise ImproperlyConfigured(
        "REDIS_URL names a database; leave it out and set REDIS_DATABASE, two are used from there."
    )


REDIS_DATABASE = _number("REDIS_DATABASE", 0)
CELERY_BROKER_URL = _redis(REDIS_DATABASE, broker=True)
OUTBOX_WAKE = "msa.tasks.wake"  # called after a commit that left something to deliver
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": _redis(REDIS_DATABASE + 1),
    }
}

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# Staff without a second factor are led to set one up and reach nothing else (SPEC 4).
STAFF_SECOND_FACTOR = _flag("STAFF_SECOND_FACTOR", default="1")
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # seconds; a fortnight, renewed by use
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("fr", _("French")),
    ("zh-hans", _("Simplified Chinese")),
    ("nl", _("Dutch")),
    ("ru", _("Russian")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / "var" / "static"))
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT", BASE_DIR / "var" / "media"))
STORAGE_BUCKET = os.environ.get("STORAGE_BUCKET", "")
STORAGE_ENDPOINT = os.environ.get("STORAGE_ENDPOINT", "")
STORAGE_REGION = os.environ.get("STORAGE_REGION", "")
STORAGE_PREFIX = os.environ.get("STORAGE_PREFIX", "")
STORAGE_ACCESS_KEY = os.environ.get("STORAGE_ACCESS_KEY", "")
STORAGE_SECRET_KEY = os.environ.get("STORAGE_SECRET_KEY", "")


def _media_storage() -> dict[str, Any]:
    """Return where people's files are kept: a folder of this machine, or a bucket (docs/files.md).

    Nothing of a bucket is public, and the desk streams every file itself.
    """
    if not STORAGE_BUCKET:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    from botocore.config import Config

    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": STORAGE_BUCKET,
            "endpoint_url": STORAGE_ENDPOINT or None,
            "region_name": STORAGE_REGION or None,
            "location": STORAGE_PREFIX,
            "access_key": STORAGE_ACCESS_KEY or None,
            "secret_key": STORAGE_SECRET_KEY or None,
            "default_acl": None,
            "file_overwrite": False,
            "max_memory_size": 2 * 1024 * 1024,  # bytes of a file that is read; the rest on disk
            "client_config": Config(
                signature_version="s3v4",
                s3={"addressing_style": "path" if STORAGE_ENDPOINT else "auto"},
                # Checksums of the newest kind are unknown to many compatible servers.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                connect_timeout=5,  # seconds; a page waits for it
                read_timeout=30,
                retries={"max_attempts": 3, "mode": "standard"},
            ),
        },
    }


STORAGES = {
    "default": _media_storage(),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bytes of form text; files are streamed apart
ATTACHMENT_LIMIT_BYTES = 25 * 1024 * 1024  # per file: what mail servers carry at the most
ATTACHMENT_LIMIT_COUNT = 10  # files in one message: more is an archive's job
ATTACHMENT_LIMIT_TOTAL_BYTES = 100 * 1024 * 1024  # of one message: it is stored while people wait
UPLOAD_LIMIT_COUNT = 40  # files of one person that wait to be sent: several forms at a time
UPLOAD_LIMIT_BYTES = 400 * 1024 * 1024  # of those: four of the largest messages

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = _number("EMAIL_PORT", 25)
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10  # seconds: a silent server must not hold the sender
MAIL_DOMAIN = os.environ.get("MAIL_DOMAIN", urlsplit(BASE_URL).hostname or "localhost")
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", f"{VENDOR_NAME} <support@{MAIL_DOMAIN}>")
MAILBOX_DIR = os.environ.get("MAILBOX_DIR", "")

# Mail in (docs/inbound-mail.md). Without a domain no mail of ours has a reply address of its own;
# without the name that our mail server signs its results with, only those say who wrote.
INBOUND_DOMAIN = os.environ.get("INBOUND_DOMAIN", "")
INBOUND_AUTHSERV_ID = os.environ.get("INBOUND_AUTHSERV_ID", "")
INBOUND_IMAP_HOST = os.environ.get("INBOUND_IMAP_HOST", "")
INBOUND_IMAP_PORT = _number("INBOUND_IMAP_PORT", 993)
INBOUND_IMAP_TLS = _flag("INBOUND_IMAP_TLS", default="1")
INBOUND_IMAP_USER = os.environ.get("INBOUND_IMAP_USER", "")
INBOUND_IMAP_PASSWORD = os.environ.get("INBOUND_IMAP_PASSWORD", "")
INBOUND_IMAP_FOLDER = os.environ.get("INBOUND_IMAP_FOLDER") or "INBOX"
INBOUND_IMAP_TAKEN = os.environ.get("INBOUND_IMAP_TAKEN") or "Taken"

# Plain HTTP is for a person's own machine only.
_SECURE = not (DEBUG or _flag("INSECURE_COOKIES"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _SECURE
SECURE_SSL_REDIRECT = _SECURE and not _flag("BEHIND_TLS_PROXY")
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "msa.views.csrf_failure"
if _flag("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# What happens between a password and a session is allauth's (docs/signing-in.md). Its forms, texts
# and letters are ours; who may sign in stands in accounts/signing_in.
ACCOUNT_ADAPTER = "accounts.signing_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # asked for by its checks; nobody signs up
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses come from certificates, not from their owners
ACCOUNT_LOGIN_TIMEOUT = 15 * 60  # seconds between the password and the second factor
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60  # seconds for which one proof opens the factors
ACCOUNT_FORMS = {"reauthenticate": "accounts.signing_in.forms.ConfirmByPassword"}
ACCOUNT_RATE_LIMITS = {"reauthenticate": "10/5m/user"}
MFA_ADAPTER = "accounts.signing_in.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # a code of half a minute ago still counts: telephones' clocks differ
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _SECURE
MFA_FORMS = {
    "activate_totp": "accounts.signing_in.forms.AppForm",
    "add_webauthn": "accounts.signing_in.forms.PasskeyForm",
    "authenticate": "accounts.signing_in.forms.CodeForm",
    "authenticate_webauthn": "accounts.signing_in.forms.PasskeyStep",
    "edit_webauthn": "accounts.signing_in.forms.PasskeyNameForm",
    "login_webauthn": "accounts.signing_in.forms.PasskeyAlone",
    "reauthenticate": "accounts.signing_in.forms.ConfirmByCode",
    "reauthenticate_webauthn": "accounts.signing_in.forms.ConfirmByPasskey",
}
SOCIALACCOUNT_ADAPTER = "accounts.signing_in.single_sign_on.SingleSignOnAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True}}
# A link instead of a form: browsers hold a form's redirect to `form-action`, too. The state that
# the session keeps is what an answer must bear.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5  # seconds for a customer's provider to answer

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
