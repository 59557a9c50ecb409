"""Addresses of the registry, and of the users and tokens that are bound to what it holds."""

from django.urls import path

from inference.registry import account_views, recovery_views, token_views, views

app_name = "registry"

urlpatterns = [
    path("registry/", views.index, name="index"),
    path("registry/register/", views.register_file, name="register"),
    path("registry/<str:kind>/", views.index, name="section"),
    path("registry/<str:kind>/<path:key>/", views.item, name="item"),
    path("users/", account_views.users, name="users"),
    path("users/new/", account_views.new_user, name="new_user"),
    path("users/rules/<str:organisation>/", recovery_views.rules, name="access_rules"),
    path("users/<str:username>/", account_views.user, name="user"),
    path("users/<str:username>/grants/", account_views.grant, name="grant"),
    path("users/<str:username>/grants/<int:grant_id>/end/", account_views.end, name="end_grant"),
    path("users/<str:username>/grants/<int:grant_id>/extend/", account_views.extend, name="extend_grant"),
    path("users/<str:username>/close/", account_views.close, name="close_user"),
    path("users/<str:username>/open/", account_views.reopen, name="open_user"),
    path("users/<str:username>/password/", recovery_views.password, name="reset_password"),
    path("users/<str:username>/factors/", recovery_views.factors, name="reset_factors"),
    path("users/<str:username>/unlock/", recovery_views.unlock, name="lift_lock"),
    path("tokens/", token_views.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", token_views.revoke, name="revoke_token"),
    path("tokens/<int:token_id>/rotate/", token_views.rotate, name="rotate_token"),
]
