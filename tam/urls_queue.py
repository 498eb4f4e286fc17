"""Addresses of the queue."""

from django.urls import path, re_path

from tam.views import queue, queue_bulk, queue_views

urlpatterns = [
    path("queue/", queue.queue, name="queue"),
    path("queue/rows/", queue.queue_rows, name="queue-rows"),
    path("queue/next/", queue.queue_next, name="queue-next"),
    path("queue/filter/", queue.queue_filter, name="queue-filter"),
    re_path(
        r"^queue/(?P<reference>INC-\d{4}-\d{6,})/clocks/$", queue.queue_clocks, name="queue-clocks"
    ),
    path("queue/preference/", queue_views.preference, name="queue-preference"),
    path("queue/views/", queue_views.views, name="queue-views"),
    path("queue/views/<int:pk>/", queue_views.view, name="queue-view"),
    path("queue/views/<int:pk>/position/", queue_views.view_position, name="queue-view-position"),
    path("queue/views/<int:pk>/removal/", queue_views.view_removal, name="queue-view-removal"),
    path("queue/bulk/", queue_bulk.preview, name="queue-bulk"),
    path("queue/bulk/acts/", queue_bulk.acts, name="queue-bulk-acts"),
    path("queue/bulk/acts/<int:pk>/", queue_bulk.act, name="queue-bulk-act"),
    path("queue/bulk/acts/<int:pk>/undoing/", queue_bulk.undoing, name="queue-bulk-undoing"),
]
