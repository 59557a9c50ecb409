"""Address of the part of a study's page that says how it counts."""

from django.urls import path

from monitoring.cases import views

app_name = "cases"
urlpatterns = [path("studies/<uuid:study_id>/counting/", views.counting, name="counting")]
