"""Addresses of the parts of pages that say how a study counts, and for which studies of an order its reports do."""

from django.urls import path

from monitoring.cases import views

app_name = "cases"
urlpatterns = [
    path("studies/<uuid:study_id>/counting/", views.counting, name="counting"),
    path("intake/matching/orders/", views.orders, name="orders"),
]
