"""Addresses of working on an incident: who else is there, drafts, reply templates."""

from django.urls import path, re_path

from tam.views import presence, templates, writing

_REFERENCE = r"incidents/(?P<reference>INC-\d{4}-\d{6,})/"

urlpatterns = [
    re_path(rf"^{_REFERENCE}presence/$", presence.presence, name="incident-presence"),
    re_path(rf"^{_REFERENCE}writing/$", writing.tools, name="incident-writing"),
    re_path(rf"^{_REFERENCE}templates/$", writing.choose_template, name="incident-templates"),
    re_path(rf"^{_REFERENCE}insertions/$", writing.insertion, name="incident-insertions"),
    re_path(rf"^{_REFERENCE}messages/handed/$", writing.handed, name="incident-messages-handed"),
    path("templates/", templates.listed, name="reply-templates"),
    path("templates/new/", templates.new, name="reply-template-new"),
    path("templates/<int:pk>/", templates.edit, name="reply-template"),
    path("templates/<int:pk>/deletion/", templates.deletion, name="reply-template-deletion"),
]
