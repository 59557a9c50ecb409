"""Addresses of one's own log-in."""

from django.urls import path

from audit.access import views

app_name = "access"

urlpatterns = [
    path("log-in/", views.log_in, name="log_in"),
    path("log-out/", views.log_out, name="log_out"),
    path("account/", views.account, name="account"),
]
