"""The web application, which refuses to start on a database role that could see too much."""

import os

from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msa.settings")

application = get_wsgi_application()

if problems := run_checks(tags=["database"], databases=["default"]):
    raise ImproperlyConfigured("\n".join(str(problem) for problem in problems))
