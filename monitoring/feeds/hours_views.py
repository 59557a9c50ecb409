"""The hours of a deployment's week: what each usually brings, and what the last seven days brought."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed
from inference.registry.models import Deployment
from inference.registry.visibility import get_deployment_for, scope_of
from monitoring.feeds.expected import ExpectedHour, expected_hours
from monitoring.statistics.results import NotEstimable

WEEKS = 12
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURLY = """
    SELECT local::date, extract(hour FROM local)::int, count(DISTINCT study_id)
    FROM (SELECT study_id, acquired_at AT TIME ZONE %s AS local FROM inference_inference
          WHERE deployment_id = %s AND acquired_at >= %s AND acquired_at < %s) AS runs
    GROUP BY 1, 2
"""


@allowed("see_signals")
@require_GET
def page(request: HttpRequest, key: str) -> HttpResponse:
    now = timezone.now()
    deployment = get_deployment_for(request.user, "see_signals", key, now=now)
    least = scope_of(request.user, "see_signals", now=now).minimum_count_at(
        organisation=deployment.site.organisation_id, site=deployment.site_id, product=deployment.product_id
    )
    context: dict[str, Any] = {
        "deployment": deployment,
        "hours": range(24),
        "weeks": WEEKS,
        "breadcrumbs": [("Overview", "/"), ("Feeds", reverse("feeds:page")), (key, "")],
    }
    if least:
        context["reason"] = f"An hour's counts are below {least}, hidden by the sharing agreement"
        return render(request, "monitoring/feeds/hours.html", context)
    today = now.astimezone(ZoneInfo(deployment.site.timezone)).date()
    counts = hourly(deployment, until=today)
    found = expected_hours(whole_weeks(counts, today=today))
    if isinstance(found, NotEstimable):
        context["reason"] = found.reason
    else:
        context["rows"] = week_rows(found, counts, today=today)
    return render(request, "monitoring/feeds/hours.html", context)


def hourly(deployment: Deployment, *, until: date) -> Counter[tuple[date, int]]:
    """Return studies by day and hour in the site's zone, for the reference and the last seven days that are over."""
    zone = ZoneInfo(deployment.site.timezone)
    last = datetime.combine(until, datetime.min.time(), tzinfo=zone)
    first = last - timedelta(days=7 * (WEEKS + 1) + 1)
    with connection.cursor() as cursor:
        cursor.execute(HOURLY, [deployment.site.timezone, deployment.pk, first, last])
        return Counter({(day, hour): count for day, hour, count in cursor.fetchall()})


def whole_weeks(counts: Counter[tuple[date, int]], *, today: date) -> list[dict[int, int]]:
    """Return the reference's weeks, oldest first, from the first that brought anything; without the last seven days."""
    weeks: list[dict[int, int]] = []
    for back in range(WEEKS, 0, -1):
        first = today - timedelta(days=7 * (back + 1))
        days = [first + timedelta(days=place) for place in range(7)]
        week = {24 * day.weekday() + hour: counts[day, hour] for day in days for hour in range(24)}
        if weeks or any(week.values()):
            weeks.append(week)
    return weeks


def week_rows(
    found: tuple[ExpectedHour, ...], counts: Counter[tuple[date, int]], *, today: date
) -> list[dict[str, Any]]:
    rows = []
    for back in range(7, 0, -1):
        day = today - timedelta(days=back)
        cells = [cell_of(found[24 * day.weekday() + hour], counts[day, hour]) for hour in range(24)]
        rows.append({"day": day, "name": DAYS[day.weekday()], "cells": cells})
    return rows


def cell_of(expected: ExpectedHour, count: int) -> dict[str, Any]:
    return {
        "count": count,
        "words": f"usually {expected.mean:.1f}, {expected.low} to {expected.high}",
        "range": f"{expected.low}–{expected.high}",
        "is_outside": not expected.low <= count <= expected.high,
    }
