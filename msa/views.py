"""Pages of the project itself: errors, health, language."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the page was too old to be sent, and how to keep what was typed."""
    return render(request, "errors/csrf.html", {"reason": reason}, status=403)


@login_not_required
def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 once a query succeeds: for the supervisor and for load balancers."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return JsonResponse({"ready": True})
