"""Every address of the installation, by subject."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("monitoring.dashboards.urls")),
    path("", include("audit.access.urls")),
    path("", include("audit.access.refused_urls")),
    path("", include("audit.federation.urls")),
    path("", include("audit.provisioning.urls")),
    path("", include("audit.serving.urls")),
    path("", include("monitoring.evidence.urls")),
    path("", include("monitoring.portal.urls")),
    path("", include("inference.registry.break_glass_urls")),
    path("", include("inference.registry.sharing_urls")),
    path("", include("inference.registry.urls")),
    path("", include("inference.messages.urls")),
    path("", include("inference.imaging.urls")),
    path("", include("inference.connectors.urls")),
    path("", include("inference.studies.urls")),
    path("", include("inference.retention.urls")),
    path("", include("inference.corrections.urls")),
    path("", include("inference.reads.urls")),
    path("", include("inference.truth.urls")),
    path("", include("inference.rescoring.urls")),
    path("", include("monitoring.cases.urls")),
    path("", include("monitoring.subgroups.urls")),
    path("", include("monitoring.labelling.urls")),
    path("", include("monitoring.claims.urls")),
    path("", include("monitoring.signals.urls")),
    path("", include("monitoring.feeds.urls")),
    path("", include("monitoring.drift.urls")),
    path("", include("monitoring.disagreement.urls")),
]
