"""Addresses of the signal pages."""

from django.urls import path

from monitoring.signals import views

app_name = "signals"
urlpatterns = [
    path("signals/", views.listed, name="list"),
    path("signals/<str:uid>/", views.signal, name="signal"),
    path("signals/<str:uid>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("signals/<str:uid>/close/", views.close, name="close"),
]
