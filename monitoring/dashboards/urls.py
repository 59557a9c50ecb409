"""Addresses of the overview, the product pages and the cases."""

from django.urls import path

from monitoring.dashboards import views

app_name = "dashboards"

urlpatterns = [
    path("", views.home, name="overview"),
    path("making/", views.making_page, name="making"),
    path("products/<str:key>/", views.product_page, name="product"),
    path("products/<str:key>/label-free/", views.product_label_free, name="product_label_free"),
    path("products/<str:key>/readers/", views.product_beside, name="product_beside"),
    path("products/<str:key>/figures.csv", views.product_csv, name="product_csv"),
    path("products/<str:key>/verification/", views.product_verification, name="product_verification"),
    path("cases/", views.cases, name="cases"),
]
