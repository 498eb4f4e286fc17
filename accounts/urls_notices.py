"""What a person was told, and how they want to be told."""

from django.urls import path

from accounts.views import notices

urlpatterns = [
    path("notices/", notices.notices, name="notices"),
    path("notices/bell/", notices.bell, name="notices-bell"),
    path("notices/read/", notices.all_read, name="notices-read"),
    path("notices/preferences/", notices.preferences, name="notice-preferences"),
    path("notices/<int:pk>/reading/", notices.reading, name="notice-reading"),
]
