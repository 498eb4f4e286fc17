"""Addresses of customers as account management sees them."""

from django.urls import path

from tam.views import advice, customers, workload

urlpatterns = [
    path("customers/", customers.listing, name="customers"),
    path("customers/<int:pk>/", customers.page, name="customer"),
    path(
        "customers/<int:pk>/obligations/<int:obligation>/delivery/",
        customers.delivery,
        name="obligation-delivery",
    ),
    path(
        "customers/<int:pk>/obligations/<int:obligation>/waiver/",
        customers.waiver,
        name="obligation-waiver",
    ),
    path("customers/<int:pk>/advice/", advice.of_customer, name="customer-advice"),
    path("customers/<int:pk>/advice/new/", advice.new, name="customer-advice-new"),
    path(
        "customers/<int:pk>/advice/<int:advice>/outcome/",
        advice.outcome,
        name="customer-advice-outcome",
    ),
    path("advice/", advice.in_portal, name="advice"),
    path("advice/<int:advice>/outcome/", advice.outcome_in_portal, name="advice-outcome"),
    path("workload/", workload.workload, name="workload"),
]
