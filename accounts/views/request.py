"""The request as it reaches the views: signed in, and dated."""

from datetime import datetime

from django.http import HttpRequest

from accounts.models import User


class Request(HttpRequest):
    """What the middleware made of a request: `at` is the instant of its reception."""

    at: datetime
    user: User
