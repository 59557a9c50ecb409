"""What a template asks of the visitor's rights: only whether to show a way that leads somewhere."""

from django import template

from audit.access import decisions

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: template.Context, action: str) -> bool:
    """Return whether the visitor may take an action on anything at all; also in a partial that gets nothing else."""
    request = getattr(context, "request", None)
    return request is not None and decisions.may(request.user, action)
