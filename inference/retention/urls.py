"""Addresses of erasures and holds."""

from django.urls import path

from inference.retention import views

app_name = "retention"
urlpatterns = [
    path("retention/", views.page, name="page"),
    path("retention/erasures/", views.ask, name="ask"),
    path("retention/erasures/<str:uid>/withdraw/", views.withdraw, name="withdraw"),
    path("retention/holds/", views.hold, name="hold"),
    path("retention/holds/<int:pk>/lift/", views.lift, name="lift"),
]
