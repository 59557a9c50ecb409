"""Addresses of messages and of the rules that read them."""

from django.urls import path

from inference.messages import fhir_api, views

app_name = "messages"

urlpatterns = [
    path("api/v1/fhir", fhir_api.receive, name="fhir"),
    path("messages/", views.queue, name="queue"),
    path("messages/<int:pk>/", views.message, name="message"),
    path("messages/<int:pk>/dismiss/", views.dismiss_message, name="dismiss"),
    path("rules/", views.rules, name="rules"),
    path("rules/model/<str:site>/", views.switch_language_model, name="switch_model"),
    path("rules/<int:pk>/", views.rule, name="rule"),
    path("rules/<int:pk>/switch-on/", views.switch_rule_on, name="switch_on"),
    path("rules/<int:pk>/retire/", views.retire_rule, name="retire"),
]
