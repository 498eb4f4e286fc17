"""Settings of the tests: the product's own, with stores that the controller starts."""

import os
import tempfile
from pathlib import Path

from tests.stores import stores_in

# Named here and started in `conftest`: pytest-django reads the settings before anything else runs.
TEST_STORES = Path(
    os.environ.setdefault("TEST_STORES", f"{tempfile.gettempdir()}/msa-tests-{os.getpid()}")
)
STORES = stores_in(TEST_STORES)
for _name, _url in STORES.urls.items():
    os.environ.setdefault(_name, _url)
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ.setdefault("NO_POOL", "1")
os.environ.setdefault("INSECURE_COOKIES", "1")
os.environ.setdefault("BASE_URL", "http://testserver")
os.environ.setdefault("STAFF_SECOND_FACTOR", "0")  # tests of it switch it on
if _worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["REDIS_DATABASE"] = str(2 * (1 + int(_worker.removeprefix("gw"))))

from msa.settings import *  # noqa: E402, F403
from msa.settings import STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
MEDIA_ROOT = TEST_STORES / "media"
OUTBOX_WAKE = ""  # tests deliver by themselves; those of waking set it
WHITENOISE_AUTOREFRESH = True  # nothing is collected
