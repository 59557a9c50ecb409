"""Addresses of the result sources."""

from django.urls import path

from inference.imaging import views

app_name = "imaging"

urlpatterns = [
    path("sources/", views.sources, name="sources"),
    path("sources/<int:pk>/end/", views.end, name="end"),
]
