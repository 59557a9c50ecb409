"""Addresses of images and of the resolver's page."""

from django.urls import path

from inference.studies import views

app_name = "studies"
urlpatterns = [
    path("images/<uuid:instance>.png", views.image, name="image"),
    path("identities/", views.find, name="resolve"),
    path("identities/<uuid:study_id>/", views.resolve, name="identifiers"),
]
