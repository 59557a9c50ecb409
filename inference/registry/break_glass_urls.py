"""Addresses of emergency access."""

from django.urls import path

from inference.registry import break_glass_views as views

app_name = "break_glass"

urlpatterns = [
    path("break-glass/", views.page, name="page"),
    path("break-glass/end/", views.end, name="end"),
    path("break-glass/reviews/", views.reviews, name="reviews"),
    path("break-glass/reviews/<int:emergency>/", views.review, name="review"),
    path("break-glass/bell/", views.bell, name="bell"),
]
