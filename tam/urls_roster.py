"""Addresses of the roster: who is responsible when, duty shifts, absences, coverage."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
