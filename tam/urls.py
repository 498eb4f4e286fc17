"""Addresses of account management."""

from django.urls import path

from tam import views

urlpatterns = [
    path("queue/", views.queue, name="queue"),
    path("queue/rows/", views.queue_rows, name="queue-rows"),
]
