"""Signing in and out, and a person's preferences."""

from django.urls import path

from accounts.views import session

urlpatterns = [
    path("sign-in/", session.SignIn.as_view(), name="login"),
    path("sign-out/", session.SignOut.as_view(), name="logout"),
    path("language/", session.set_language, name="set_language"),
    path("theme/", session.set_theme, name="set_theme"),
]
