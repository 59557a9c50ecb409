"""Real reads by many readers, and a truth that changed: what was known when decides the figure."""

import pytest

from tests.acceptance import mammography_reads as mammography
from tests.acceptance.commands import estimated, imported, one_figure, registered, shared_import

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not mammography.DATA.exists(), reason="needs ../shared/data/viper"),
]
READS = ("--site", "screening", "--of", "reads", "--finding", "cancer")
FIRST = ("--as-of", "2015-03-04T00:00:00Z", "--basis", "known")
SECOND = ("--as-of", "2015-06-02T00:00:00Z", "--basis", "known")


@pytest.fixture(scope="module")
def all_reads(django_db_setup, django_db_blocker, tmp_path_factory):
    with shared_import(django_db_blocker):
        folder, reads = tmp_path_factory.mktemp("reads"), mammography.observations()
        registered(mammography.REGISTRY, folder=folder)
        imported("import_reads", mammography.read_table(reads), folder=folder, name="reads.csv", site="screening")
        imported("import_truth", mammography.truth_table(reads), folder=folder, name="truth.parquet", site="screening")
        yield reads


@pytest.mark.parametrize(
    ("moment", "sensitivity", "specificity"),
    [(FIRST, 0.772838, 0.524960), (SECOND, 0.737319, 0.533790), ((), 0.737319, 0.533790)],
)
def test_recall_as_it_was_known_at_each_truth(all_reads, moment, sensitivity, specificity):
    found = {each["metric"]: each for each in estimated(*READS, *moment)["estimates"]}

    assert round(found["sensitivity"]["value"], 6) == sensitivity
    assert round(found["specificity"]["value"], 6) == specificity


def test_nothing_was_known_before_the_first_truth(all_reads):
    figure = one_figure(*READS, "--metric", "sensitivity", "--as-of", "2014-12-31T00:00:00Z", "--basis", "known")

    assert figure["not_estimable"] == "no case with the finding and a decision"


def test_every_read_is_counted(all_reads):
    answer = estimated(*READS, "--metric", "label_coverage")

    assert answer["excluded"] == {}
    assert answer["estimates"][0]["cases"] == len(all_reads) == 20_382


def test_readers_add_up_to_all_reads(all_reads):
    found = estimated(*READS, "--metric", "flag_rate", "--by", "reader")["estimates"]

    assert len(found) == 43
    assert sum(each["cases"] for each in found) == len(all_reads)


def test_reads_of_one_patient_are_one_cluster(all_reads):
    assert "cluster" in one_figure(*READS, "--metric", "sensitivity")["method"]


def test_reads_have_no_area(all_reads):
    assert one_figure(*READS, "--metric", "auc")["not_estimable"] == "because a read has a decision and no score"
