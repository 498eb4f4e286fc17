"""Addresses of whose an incident is, and the panel beside it."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
