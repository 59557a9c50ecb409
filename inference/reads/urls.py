"""Addresses of the worklist and of one case."""

from django.urls import path

from inference.reads import views

app_name = "reads"
urlpatterns = [
    path("worklist/", views.worklist_page, name="worklist"),
    path("studies/<uuid:study_id>/", views.case, name="case"),
]
