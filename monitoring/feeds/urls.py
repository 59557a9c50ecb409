"""Addresses of the feeds page and of the flagged rows."""

from django.urls import path

from monitoring.feeds import flagged_views, views

app_name = "feeds"
urlpatterns = [
    path("feeds/", views.page, name="page"),
    path("feeds/flagged/", flagged_views.page, name="flagged"),
    path("feeds/flagged.csv", flagged_views.download, name="flagged_csv"),
]
