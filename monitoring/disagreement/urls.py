"""Addresses of the disagreement page and its file."""

from django.urls import path

from monitoring.disagreement import views

app_name = "disagreement"
urlpatterns = [
    path("disagreement/", views.page, name="page"),
    path("disagreement/cells.csv", views.download, name="download"),
]
