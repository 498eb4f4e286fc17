from django.urls import path

from msa.mailbox import views

app_name = "mailbox"
urlpatterns = [
    path("", views.mails, name="list"),
    path("<str:key>/", views.mail, name="mail"),
    path("<str:key>/html/", views.html_part, name="html"),
]
