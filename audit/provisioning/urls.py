"""Addresses of SCIM."""

from django.urls import path

from audit.provisioning import views

app_name = "scim"

urlpatterns = [
    path("scim/v2/Users", views.users, name="users"),
    path("scim/v2/Users/<str:user_id>", views.user, name="user"),
]
