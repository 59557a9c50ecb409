"""Addresses of the subgroups of a product."""

from django.urls import path

from monitoring.subgroups import views

app_name = "subgroups"

urlpatterns = [
    path("products/<str:key>/subgroups/", views.page, name="page"),
    path("products/<str:key>/subgroups.csv", views.download, name="download"),
]
