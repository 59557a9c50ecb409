"""Addresses of the truth pages."""

from django.urls import path

from inference.truth import views

app_name = "truth"
urlpatterns = [
    path("truth/", views.queue, name="queue"),
    path("truth/<uuid:study_id>/", views.settle, name="settle"),
]
