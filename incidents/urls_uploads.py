"""Addresses of files: those of messages, and those on their way."""

from django.urls import path, re_path

from incidents.views import attachments, uploads

_FILE = r"incidents/(?P<reference>INC-\d{4}-\d{6,})/attachments/(?P<pk>\d{1,18})/"

urlpatterns = [
    re_path(rf"^{_FILE}$", attachments.attachment, name="attachment"),
    re_path(rf"^{_FILE}preview/$", attachments.preview, name="attachment-preview"),
    path("uploads/", uploads.begin, name="uploads"),
    path("uploads/<uuid:pk>/", uploads.upload, name="upload"),
]
