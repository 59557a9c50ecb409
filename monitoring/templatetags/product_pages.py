"""Which pages of a product a visitor may open: a tab is shown where it leads somewhere."""

from django import template
from django.utils import timezone

from inference.registry.visibility import visible_deployments
from monitoring.labelling.queries import SEE

register = template.Library()


@register.simple_tag(takes_context=True)
def sees_labels(context: template.Context, key: str) -> bool:
    """Return whether the visitor sees plans of labels of this product; also in a partial that gets nothing else."""
    request = getattr(context, "request", None)
    if request is None:
        return False
    return visible_deployments(request.user, SEE, now=timezone.now()).filter(product=key).exists()
