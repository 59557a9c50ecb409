"""Addresses of the re-scoring pages."""

from django.urls import path

from inference.rescoring import views

app_name = "rescoring"
urlpatterns = [
    path("rescoring/", views.run_list, name="list"),
    path("rescoring/<int:run_id>/", views.run_page, name="run"),
    path("rescoring/<int:run_id>/progress/", views.progress, name="progress"),
]
