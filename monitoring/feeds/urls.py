"""Address of the feeds page."""

from django.urls import path

from monitoring.feeds import views

app_name = "feeds"
urlpatterns = [path("feeds/", views.page, name="page")]
