"""Addresses of escalations and complaints."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
