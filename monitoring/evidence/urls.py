"""Addresses of the evidence pages."""

from django.urls import path

from monitoring.evidence import views

app_name = "evidence"

urlpatterns = [
    path("evidence/", views.index, name="index"),
    path("evidence/new/", views.create, name="create"),
    path("evidence/<str:uid>/row/", views.row, name="row"),
    path("evidence/<str:uid>/again/", views.again, name="again"),
    path("evidence/<str:uid>/cancel/", views.cancel, name="cancel"),
    path("evidence/<str:uid>.zip", views.download, name="download"),
]
