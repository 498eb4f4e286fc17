"""Addresses of handovers and pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
