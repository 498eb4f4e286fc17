"""The web application, which refuses to start on a database role that could see too much."""

import os
import re
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse

from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

CHARSET = re.compile(r";\s*charset=[^;]*", re.IGNORECASE)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msa.settings")

django_application = get_wsgi_application()

if problems := run_checks(tags=["database"], databases=["default"]):
    raise ImproperlyConfigured("\n".join(str(problem) for problem in problems))


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request; it is UTF-8, whatever encoding it names."""
    kind = environ.get("CONTENT_TYPE", "")
    environ["CONTENT_TYPE"] = CHARSET.sub("", kind)
    return django_application(environ, start_response)
