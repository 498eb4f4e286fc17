"""Settings of the tests: the product's own, with the stores that `tests.stores` started."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ.setdefault("DATABASE_URL", "postgresql:///msa")
os.environ.setdefault("REDIS_URL", "redis://localhost:6379")
os.environ.setdefault("NO_POOL", "1")
os.environ.setdefault("INSECURE_COOKIES", "1")
os.environ.setdefault("BASE_URL", "http://testserver")

from msa.settings import *  # noqa: E402, F403
from msa.settings import BASE_DIR, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
MEDIA_ROOT = BASE_DIR / "var" / "test-media"
