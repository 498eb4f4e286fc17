"""Addresses of handovers and pages."""

from django.urls import URLPattern, path

from tam.views import handovers, paging

urlpatterns: list[URLPattern] = [
    path("handovers/", handovers.handovers, name="handovers"),
    path("handovers/next/", handovers.next_handover, name="handover-next"),
    path("handovers/<int:pk>/", handovers.handover, name="handover"),
    path("handovers/<int:pk>/acceptance/", handovers.acceptance, name="handover-acceptance"),
    path("handovers/<int:pk>/note/", handovers.note, name="handover-note"),
    path("pages/", paging.pages, name="pages"),
    path("pages/<int:pk>/acknowledgement/", paging.acknowledgement, name="page-acknowledgement"),
]
