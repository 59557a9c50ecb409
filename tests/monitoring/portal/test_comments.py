"""Comments: entries of the provider's log and of the regulator's own, answered by quality officers, never edited."""

import re

import pytest
from django.utils import timezone

from audit.log.models import Act, Entry
from audit.log.sequencing import sequence
from audit.log.verifying import verify_log
from tests.factories import make_user
from tests.monitoring.portal.test_pages import make_packages
from tests.monitoring.signals.test_views import make_signal

pytestmark = pytest.mark.django_db


def abouts(page, user):
    text = page(user, "/portal/products/cxr/").content.decode()
    return dict(re.findall(r'name="about" value="([^"]+)">\s*<label[^>]*>Comment on ([^<]+)<', text))


def about(page, user, words):
    return next(token for token, label in abouts(page, user).items() if words in label)


def comment(client, page, user, words="CXR Assist", text="Why so few labels?"):
    return client.post("/portal/comments/new/", {"about": about(page, user, words), "text": text})


def test_a_comment_is_an_entry_of_both_logs(client, inspector, page):
    assert comment(client, page, inspector).status_code == 302
    acts = Act.objects.filter(entry__kind="comment.made")
    assert sorted(acts.values_list("organisation", flat=True)) == ["north-group", "notified"]
    assert {act.details["saying"] for act in acts} == {acts[0].details["saying"]}
    assert acts[0].details["text"] == "Why so few labels?"


def test_each_thing_can_be_commented_on(client, authority, page):
    make_signal()
    for words in ("CXR Assist", "nodule specificity fell", "Sensitivity"):
        assert comment(client, page, authority, words).status_code == 302
    kinds = Act.objects.filter(entry__kind="comment.made").order_by("id").values_list("details__about", flat=True)
    assert list(dict.fromkeys(kinds)) == ["product", "signal", "figure"]


def test_a_comment_on_a_figure_says_the_figure_as_it_was_shown(client, authority, page):
    comment(client, page, authority, "Sensitivity")
    act = Act.objects.filter(entry__kind="comment.made").first()
    assert re.match(r"Sensitivity of nodule: \d+\.\d", act.details["on"])
    assert act.details["item"] == "nodule/sensitivity"


def test_a_quality_officer_sees_that_it_waits_and_answers(client, inspector, officer, page):
    comment(client, page, inspector)
    assert 'class="bell-count" aria-hidden="true">1<' in page(officer, "/portal/bell/").content.decode()
    listed = page(officer, "/portal/comments/").content.decode()
    assert "Why so few labels?" in listed
    uid = re.search(r"/portal/comments/([0-9a-f]{32})/answer/", listed)[1]
    assert client.post(f"/portal/comments/{uid}/answer/", {"text": "They take weeks."}).status_code == 302
    assert "bell-count" not in page(officer, "/portal/bell/").content.decode()
    assert "They take weeks." in page(inspector, "/portal/comments/").content.decode()
    logs = Act.objects.filter(entry__kind="comment.answered").values_list("organisation", flat=True)
    assert sorted(logs) == ["north-group", "notified"]


def test_an_amendment_stands_beside_what_it_amends_and_waits_again(client, inspector, officer, page):
    comment(client, page, inspector)
    uid = Act.objects.filter(entry__kind="comment.made").first().subject.removeprefix("comment/")
    page(officer)
    client.post(f"/portal/comments/{uid}/answer/", {"text": "They take weeks."})
    page(inspector)
    client.post(f"/portal/comments/{uid}/amend/", {"text": "I meant those of March."})
    text = page(inspector, "/portal/comments/").content.decode()
    assert "Why so few labels?" in text
    assert "I meant those of March." in text
    assert "amends the comment before" in text
    assert "bell-count" in page(officer, "/portal/bell/").content.decode()


def test_nobody_comments_on_what_no_page_showed_them(client, inspector, authority, page):
    theirs = about(page, authority, "CXR Assist")
    other = make_user(role="regulator", organisation="south-clinic", product="mammo", username="other")
    page(other)
    assert client.post("/portal/comments/new/", {"about": theirs, "text": "x"}).status_code == 404
    assert client.post("/portal/comments/new/", {"about": theirs + "x", "text": "x"}).status_code == 404


def test_an_empty_comment_and_one_too_long_are_refused(client, inspector, page):
    for text in ("", " ", "x" * 4001):
        assert comment(client, page, inspector, text=text).status_code == 422
    assert not Act.objects.filter(entry__kind="comment.made").exists()


def test_another_body_and_another_hospital_see_no_comment(client, page, inspector, authority, officer):
    comment(client, page, inspector, text="between us")
    assert "between us" not in page(authority, "/portal/comments/").content.decode()
    stranger = make_user(role="quality_officer", organisation="south-clinic", username="south")
    assert "between us" not in page(stranger, "/portal/comments/").content.decode()
    uid = Act.objects.filter(entry__kind="comment.made").first().subject.removeprefix("comment/")
    assert client.post(f"/portal/comments/{uid}/answer/", {"text": "x"}).status_code == 404


def test_a_manufacturer_with_sums_answers_nothing(client, inspector, page):
    comment(client, page, inspector)
    maker = make_user(role="quality_officer", organisation="cxr-maker", username="maker")
    assert "Why so few labels?" not in page(maker, "/portal/comments/").content.decode()


def test_text_is_shown_as_text(client, inspector, officer, page):
    comment(client, page, inspector, text="<script>alert(1)</script>\nsecond line")
    for user in (inspector, officer):
        text = page(user, "/portal/comments/").content.decode()
        assert "<script>alert(1)" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_the_log_still_verifies_with_comments_in_it(client, inspector, page):
    comment(client, page, inspector)
    sequence(now=timezone.now())
    assert Entry.objects.filter(kind="comment.made", position__isnull=False).count() == 2
    assert [each.sentence for each in verify_log("notified")] == []


def test_the_bell_costs_the_same_for_many_comments(client, inspector, officer, django_assert_num_queries, page):
    token = about(page, inspector, "CXR Assist")
    client.post("/portal/comments/new/", {"about": token, "text": "one"})
    page(officer, "/portal/bell/")
    with django_assert_num_queries(counted(client)):
        client.get("/portal/bell/")
    page(inspector)
    for number in range(5):
        client.post("/portal/comments/new/", {"about": token, "text": f"number {number}"})
    page(officer)
    first = counted(client)
    assert counted(client) == first <= 12


def counted(client):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        client.get("/portal/bell/")
    return len(queries)


def test_a_comment_on_a_figure_of_several_providers_tells_none_of_them_the_sum(client, network, page):
    """From the figure of all and their own, each provider would know the others'."""
    everywhere = make_user(role="regulator", username="everywhere")
    comment(client, page, everywhere, "Sensitivity")
    acts = Act.objects.filter(entry__kind="comment.made")
    assert sorted(acts.values_list("organisation", flat=True)) == ["north-group", "south-clinic"]
    assert {act.details["on"] for act in acts} == {"Sensitivity of nodule"}


def test_a_comment_on_a_package_goes_to_those_whose_package_it_is(client, network, page, now):
    everywhere = make_user(role="regulator", username="everywhere")
    make_packages(1, now=now)
    comment(client, page, everywhere, "package")
    acts = Act.objects.filter(entry__kind="comment.made")
    assert [(act.organisation, act.details["on"].endswith("3 cases")) for act in acts] == [("north-group", True)]


def test_an_officer_of_one_site_reads_no_comment_on_a_signal_of_another(client, authority, page):
    make_signal()
    comment(client, page, authority, "nodule specificity fell")
    for site, seen in (("north", True), ("east", False)):
        officer = make_user(role="quality_officer", organisation="north-group", site=site, username=site)
        assert (b"specificity fell" in page(officer, "/portal/comments/").content) == seen
        assert (b"bell-count" in page(officer, "/portal/bell/").content) == seen
        uid = Act.objects.filter(entry__kind="comment.made").latest("id").subject.removeprefix("comment/")
        answer = client.post(f"/portal/comments/{uid}/answer/", {"text": "We look."})
        assert answer.status_code == (302 if seen else 404)


@pytest.mark.parametrize("letter", ["\x1b", "\x7f", "\u202e", "\u2066"])
def test_words_that_do_not_stand_as_they_were_typed_are_no_comment(client, inspector, page, letter):
    assert comment(client, page, inspector, text=f"a{letter}b").status_code == 422
    assert comment(client, page, inspector, text="two\nlines\tand a tab").status_code == 302
