"""Addresses of the claims of a product."""

from django.urls import path

from monitoring.claims import views

app_name = "claims"

urlpatterns = [
    path("products/<str:key>/claims/", views.listed, name="product"),
    path("products/<str:key>/claims/<int:pk>/", views.claim, name="claim"),
    path("products/<str:key>/claims/<int:pk>/days.csv", views.days, name="days"),
    path("products/<str:key>/claims/<int:pk>/switch-on/", views.turn_on, name="switch_on"),
    path("products/<str:key>/claims/<int:pk>/switch-off/", views.turn_off, name="switch_off"),
]
