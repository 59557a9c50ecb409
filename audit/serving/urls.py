"""Addresses of the log: its pages, its tiles as C2SP tlog-tiles lays them out, and the signing of records."""

from django.urls import path

from audit.serving import signing, tiles, views, witness

app_name = "log"

urlpatterns = [
    path("sign/<str:kind>/<str:key>/", signing.sign_page, name="sign"),
    path("witness/add-checkpoint", witness.add, name="witness"),
    path("log/", views.index, name="index"),
    path("log/<str:organisation>/", views.log, name="log"),
    path("log/<str:organisation>/verify/", views.verify, name="verify"),
    path("log/<str:organisation>/verification/", views.verification, name="verification"),
    path("log/<str:organisation>/entries/<int:position>/", views.entry, name="entry"),
    path("log/<str:organisation>/checkpoint", tiles.checkpoint, name="checkpoint"),
    path("log/<str:organisation>/tile/<path:path>", tiles.tile, name="tile"),
]
