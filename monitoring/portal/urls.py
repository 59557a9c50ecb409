"""Addresses of the portal."""

from django.urls import path

from monitoring.portal import comment_views, views

app_name = "portal"

urlpatterns = [
    path("portal/", views.index, name="index"),
    path("portal/products/<str:key>/", views.product, name="product"),
    path("portal/products/<str:key>/report.pdf", views.report, name="report"),
    path("portal/entries/<str:token>/", views.entry, name="entry"),
    path("portal/verify/", views.verify, name="verify"),
    path("portal/comments/", comment_views.listed, name="comments"),
    path("portal/comments/new/", comment_views.make, name="comment"),
    path("portal/comments/<str:uid>/answer/", comment_views.answer, name="answer"),
    path("portal/comments/<str:uid>/amend/", comment_views.amend, name="amend"),
    path("portal/bell/", comment_views.bell, name="bell"),
]
