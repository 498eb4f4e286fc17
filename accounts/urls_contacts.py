"""Contacts: changes asked for, invitations, and passwords."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
