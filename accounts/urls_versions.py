"""Versions of certificates: as PDF, compared, and verified by anybody."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
