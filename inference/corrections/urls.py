"""Addresses of matching."""

from django.urls import path

from inference.corrections import views

app_name = "corrections"
urlpatterns = [path("intake/matching/", views.matching, name="matching")]
