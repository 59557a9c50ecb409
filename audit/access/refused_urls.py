"""The address of the page of refused attempts."""

from django.urls import path

from audit.access import refused_views

app_name = "refused"

urlpatterns = [path("refusals/", refused_views.refused, name="page")]
