"""How values are written on pages: counts, shares, figures, days, moments, hashes.

A value that carries a reason (not estimable, hidden) is written as that reason,
an absent one as a dash; no filter ever writes NaN, and none rounds twice.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.utils import timezone

register = template.Library()

DASH = "–"
NARROW_SPACE = "\u202f"  # no-break, so that a number never splits


def in_words(value: Any) -> str | None:
    """Return the words for what is not a number: a dash for nothing, else the reason it carries."""
    if value is None or value == "":
        return DASH
    reason = getattr(value, "reason", None)
    if reason is not None:
        return str(reason)
    if isinstance(value, float) and not isfinite(value):
        return DASH
    return None


@register.filter
def count(value: Any) -> str:
    """12345 → 12 345."""
    return in_words(value) or f"{int(value):,}".replace(",", NARROW_SPACE)


@register.filter
def percent(value: Any, decimals: int = 1) -> str:
    """0.834 → 83.4 %."""
    return in_words(value) or f"{100 * float(value):.{decimals}f}{NARROW_SPACE}%"


@register.filter
def percent_range(value: Any, decimals: int = 1) -> str:
    """An interval, or a pair, of shares → 78.1–88.0 %."""
    low, high = ends_of(value)
    if low is None or high is None:
        return in_words(value) or DASH
    return f"{100 * low:.{decimals}f}–{100 * high:.{decimals}f}{NARROW_SPACE}%"


@register.filter
def number(value: Any, decimals: int | None = None) -> str:
    """A figure with its decimals, or with four significant digits when none are asked for."""
    words = in_words(value)
    if words or isinstance(value, str):
        return words or str(value)
    if isinstance(value, int):
        return count(value)
    written = f"{value:.{decimals}f}" if decimals is not None else f"{value:.4g}"
    return written.replace("-", "−")


@register.filter
def number_range(value: Any, decimals: int | None = None) -> str:
    """An interval, or a pair, of figures → 0.83 to 0.91."""
    low, high = ends_of(value)
    if low is None or high is None:
        return in_words(value) or DASH
    return f"{number(float(low), decimals)} to {number(float(high), decimals)}"


@register.filter
def p_value(value: Any) -> str:
    """0.0342 → p = 0.034; what is below 0.001 is not told apart."""
    return in_words(value) or ("p < 0.001" if value < 0.001 else f"p = {float(value):.3f}")


def ends_of(value: Any) -> tuple[float | None, float | None]:
    if hasattr(value, "low") and hasattr(value, "high"):
        return value.low, value.high
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        return value[0], value[1]
    return None, None


@register.filter
def day(value: Any, zone: Any = None) -> str:
    """A day, or the day of a moment in a zone (UTC unless one is given) → 2026-03-01."""
    if isinstance(value, datetime):
        return localised(value, zone).strftime("%Y-%m-%d")
    return value.isoformat() if isinstance(value, date) else in_words(value) or str(value)


@register.filter
def moment(value: Any, zone: Any = None) -> str:
    """A moment in a zone → 2026-03-01 08:15; one named with its zone says so."""
    if not isinstance(value, datetime):
        return in_words(value) or str(value)
    local = localised(value, zone)
    return f"{local:%Y-%m-%d %H:%M}" + (f" {local.tzname()}" if zone else "")


@register.filter
def moment_seconds(value: Any, zone: Any = None) -> str:
    """A moment to the second, for what happens within a minute."""
    if not isinstance(value, datetime):
        return in_words(value) or str(value)
    return f"{localised(value, zone):%Y-%m-%d %H:%M:%S}"


def localised(value: datetime, zone: Any) -> datetime:
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(zone_of(zone))


def zone_of(zone: Any) -> tzinfo:
    """Return the zone that is named or given; the page's own (UTC unless activated) where none is."""
    if isinstance(zone, tzinfo):
        return zone
    if not zone:
        return timezone.get_current_timezone()
    try:
        return ZoneInfo(str(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


@register.filter
def duration(value: Any) -> str:
    """Seconds, or a timedelta → 42 s, 3 min 5 s, 5 h 12 min, 3 days 4 h."""
    if value is None:
        return DASH
    if hasattr(value, "reason"):
        return str(value.reason)
    seconds = value.total_seconds() if hasattr(value, "total_seconds") else float(value)
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    if seconds < 60:
        return f"{sign}{seconds:.0f} s" if seconds >= 10 or seconds == int(seconds) else f"{sign}{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{sign}{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    if whole < 86400:
        return f"{sign}{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 >= 60 else "")
    days = whole // 86400
    hours = whole % 86400 // 3600
    return f"{sign}{days} day{'s' if days != 1 else ''}" + (f" {hours} h" if hours and days < 14 else "")


@register.filter
def short_hash(value: Any, length: int = 12) -> str:
    """The first characters of a hash or uid; the page keeps the whole in a title or a copy button."""
    if isinstance(value, bytes | memoryview):
        value = bytes(value).hex()
    text = str(value or "")
    return text if len(text) <= length else f"{text[:length]}…" if text else DASH


@register.filter
def words(value: Any) -> str:
    """A key as words: second_reader → second reader."""
    return DASH if value in (None, "") else str(value).replace("_", " ")


@register.filter
def or_dash(value: Any) -> Any:
    return DASH if value in (None, "", [], {}) else value


@register.filter
def lookup(mapping: Mapping[Any, Any], key: Any) -> Any:
    """The value of a key that a template only knows by name."""
    return mapping.get(key, "") if mapping else ""


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> str:
    """Return this page's address with some of its filters set otherwise; None takes one away."""
    query = context["request"].GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"
