"""Addresses of customers as account management sees them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
