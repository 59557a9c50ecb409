"""Addresses of the feeds page and of the flagged rows."""

from django.urls import path

from monitoring.feeds import completeness_views, flagged_views, hours_views, views

app_name = "feeds"
urlpatterns = [
    path("feeds/", views.page, name="page"),
    path("feeds/completeness/", completeness_views.page, name="completeness"),
    path("feeds/completeness.csv", completeness_views.download, name="completeness_csv"),
    path("feeds/<str:key>/hours/", hours_views.page, name="hours"),
    path("feeds/flagged/", flagged_views.page, name="flagged"),
    path("feeds/flagged.csv", flagged_views.download, name="flagged_csv"),
]
