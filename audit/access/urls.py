"""Addresses of one's own log-in."""

from django.urls import path

from audit.access import account_views, factor_views, views

app_name = "access"

urlpatterns = [
    path("log-in/", views.log_in, name="log_in"),
    path("log-in/second-step/", views.second_step, name="second_step"),
    path("log-in/new-password/", views.new_password, name="new_password"),
    path("log-in/again/", views.again, name="again"),
    path("log-out/", views.log_out, name="log_out"),
    path("account/", account_views.account, name="account"),
    path("account/e-mail/", account_views.email, name="email"),
    path("account/notices/read/", account_views.read_notices, name="read_notices"),
    path("account/sessions/end/", account_views.end_session, name="end_session"),
    path("account/factors/add/", factor_views.add_factor, name="add_factor"),
    path("account/factors/app/", factor_views.add_app, name="add_app"),
    path("account/factors/key/", factor_views.add_key, name="add_key"),
    path("account/factors/codes/", factor_views.codes, name="codes"),
    path("account/factors/<int:factor_id>/name/", factor_views.rename, name="rename_factor"),
    path("account/factors/<int:factor_id>/remove/", factor_views.remove, name="remove_factor"),
]
