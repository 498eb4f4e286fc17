"""The web application, which refuses to start on a database role that could see too much."""

import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msa.settings")

application = get_wsgi_application()
call_command("check", databases=["default"], tags=["database"])
