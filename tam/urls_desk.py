"""Addresses of working on an incident: who else is there, drafts, reply templates."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
