"""Addresses of single sign-on."""

from django.urls import path

from audit.federation import views

app_name = "federation"

urlpatterns = [
    path("log-in/single-sign-on/", views.start, name="start"),
    path("log-in/single-sign-on/back/", views.back, name="back"),
    path("log-in/single-sign-on/left/", views.left, name="left"),
    path("account/single-sign-on/link/", views.link, name="link"),
    path("account/single-sign-on/unlink/", views.unlink, name="unlink"),
]
