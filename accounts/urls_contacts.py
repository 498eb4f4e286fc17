"""Contacts: changes asked for, invitations, and passwords."""

from django.urls import path

from accounts.views import contacts, passwords

urlpatterns = [
    path("certificates/<str:number>/contacts/", contacts.contacts, name="certificate-contacts"),
    path(
        "certificates/<str:number>/contacts/requests/<int:pk>/withdrawal/",
        contacts.withdrawal,
        name="contact-request-withdrawal",
    ),
    path("password/forgotten/", passwords.forgotten, name="password_reset"),
    path("password/forgotten/sent/", passwords.link_sent, name="password_reset_done"),
    path(
        "password/new/<str:uidb64>/<str:token>/",
        passwords.NewPassword.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "invitation/<str:uidb64>/<str:token>/",
        passwords.Invitation.as_view(),
        name="invitation",
    ),
]
