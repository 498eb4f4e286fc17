"""Addresses of account management."""

from django.urls import include, path

from tam.views import queue

urlpatterns = [
    path("queue/", queue.queue, name="queue"),
    path("queue/rows/", queue.queue_rows, name="queue-rows"),
    path("", include("tam.urls_roster")),
    path("", include("tam.urls_handover")),
    path("", include("tam.urls_desk")),
    path("", include("tam.urls_assignment")),
    path("", include("tam.urls_complaints")),
    path("", include("tam.urls_customers")),
]
