"""Addresses of the planner of labels and of its plans."""

from django.urls import path

from monitoring.labelling import views

app_name = "labelling"
urlpatterns = [
    path("products/<str:key>/labels/", views.page, name="page"),
    path("label-plans/<str:uid>/", views.plan_page, name="plan"),
    path("label-plans/<str:uid>/withdraw/", views.withdraw, name="withdraw"),
]
