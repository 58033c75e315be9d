import pytest

from evals.verdict_figures import chosen, figures_of, ranked, values_of
from evals.verdict_sets.record import Asked, Pair, Sample
from yofo_rerank import Document


def sample(id_, answers, depends=None, group=""):
    depends = depends or {}
    asked = tuple(Asked(f"s{place}", answer, depends.get(place, ())) for place, answer in enumerate(answers))
    return Sample(id_, Document(text="x", id=id_), asked, group)


def pair(id_, better, group=""):
    documents = (Document(text="x", id="a"), Document(text="y", id="b"))
    return Pair(id_, "q", documents, ("r",), "r1", better, group)


def found(*verdicts, p=None):
    return {"p": p or [0.9 if one else 0.1 for one in verdicts], "yes": list(verdicts), "seconds": 0.5}


def test_property_sample_and_dependency_accuracy_by_hand():
    answered = [
        (sample("a", [True, False, True], {1: (0,), 2: (0,)}), found(True, False, False)),  # 2 of 3, dependent 1 of 2
        (sample("b", [True, True]), found(True, True)),  # 2 of 2
        (sample("c", [False]), {"failed": "not_an_image", "seconds": 1.0}),
    ]
    figures = figures_of(answered, "verdicts")
    assert figures["acc_property"]["mean"] == pytest.approx(4 / 5)
    assert figures["acc_sample"]["mean"] == pytest.approx(1 / 2)
    assert figures["acc_dep"]["mean"] == pytest.approx(1 / 2)
    assert "acc_dep_given" not in figures
    assert figures["by_position"] == [1.0, 1.0, 0.0]
    assert (figures["units"], figures["failed"]) == (3, {"units": 1, "by_reason": {"not_an_image": 1}})
    assert figures["units_per_second"] == pytest.approx(1.5)


def test_scores_that_are_no_verdicts_are_told_apart_by_auroc():
    answered = [
        (sample("a", [True, False]), {"p": [5.0, -1.0], "yes": None, "seconds": 1.0}),
        (sample("b", [True, False]), {"p": [-2.0, -3.0], "yes": None, "seconds": 1.0}),
    ]
    figures = figures_of(answered, "verdicts")
    assert figures["auroc"] == pytest.approx(3 / 4)  # -2 is below -1, the other three pairs are right
    assert "acc_property" not in figures
    assert "auroc" not in figures_of([(sample("a", [True]), found(True))], "verdicts")


def test_the_opposite_of_a_wrong_answer_is_right_by_the_answer_given():
    asked = [True, False], {1: (0,)}
    answered = [
        (sample("a/opposite", *asked), found(False, True)),  # wrong, and its opposite
        (sample("b/opposite", *asked), found(True, False)),  # right, and its opposite
        (sample("c/opposite", *asked), found(True, True)),  # right, and no opposite
    ]
    figures = figures_of(answered, "verdicts")
    assert figures["acc_dep"]["mean"] == pytest.approx(1 / 3)
    assert figures["acc_dep_given"]["mean"] == pytest.approx(2 / 3)


def test_choices_need_a_strictly_higher_score():
    one = sample("a", [False, True, False], group="hybrid")
    assert chosen(one, {"p": [0.2, 0.3, 0.1]})
    assert not chosen(one, {"p": [0.3, 0.3, 0.1]})
    scores_alone = [(one, {"p": [0.2, 0.3, 0.1], "yes": None, "seconds": 1.0})]
    figures = figures_of(scores_alone, "choice")
    assert figures["acc_choice_by_group"]["hybrid"]["mean"] == 1
    assert "acc_property" not in figures  # a score is no verdict


def test_winoground_scores_by_hand():
    def example(id_, first, second):
        return [
            (sample(f"{id_}/0", [True, False]), {"p": first, "yes": None, "seconds": 1.0}),
            (sample(f"{id_}/1", [False, True]), {"p": second, "yes": None, "seconds": 1.0}),
        ]

    answered = example("0", [0.9, 0.1], [0.2, 0.8])  # all right
    answered += example("1", [0.6, 0.5], [0.7, 0.9])  # captions right, pictures wrong (0.6 < 0.7)
    answered += example("2", [0.5, 0.6], [0.4, 0.8])  # captions wrong, pictures right
    answered += [(sample("3/0", [True, False]), {"failed": "missing", "seconds": 1.0})]
    answered += [(sample("3/1", [False, True]), {"p": [0.1, 0.9], "yes": None, "seconds": 1.0})]
    figures = figures_of(answered, "crossed")
    shares = {name: figures[name]["mean"] for name in ("text_score", "image_score", "group_score")}
    assert shares == pytest.approx({"text_score": 2 / 3, "image_score": 2 / 3, "group_score": 1 / 3})
    assert figures["text_score"]["n"] == 3
    assert figures["failed"]["units"] == 1


def test_err_rank_counts_ties_as_errors():
    answered = [
        (pair("0", 0, "train"), {"p": [0.9, 0.1], "seconds": 1.0}),
        (pair("1", 1, "validation"), {"p": [0.9, 0.1], "seconds": 1.0}),
        (pair("2", 1, "validation"), {"p": [0.5, 0.5], "seconds": 1.0}),
        (pair("3", 1, "validation"), {"p": [0.4, 0.5], "seconds": 1.0}),
    ]
    figures = figures_of(answered, "pairs")
    assert figures["err_rank"]["mean"] == pytest.approx(1 / 2)
    assert figures["err_rank_by_group"]["validation"]["mean"] == pytest.approx(2 / 3)
    assert figures["ties"] == pytest.approx(1 / 4)
    assert ranked(answered[3][0], answered[3][1])


def test_where_everything_failed_there_is_no_share():
    figures = figures_of([(sample("a", [True]), {"failed": "missing", "seconds": 0.0})], "verdicts")
    assert "acc_property" not in figures
    assert figures["failed"]["units"] == 1
    assert figures["units_per_second"] is None


def test_err_rank_counts_failures_as_errors_and_names_them():
    answered = [
        (pair("0", 0, "validation"), {"p": [0.9, 0.1], "seconds": 1.0}),
        (pair("1", 0, "validation"), {"p": [0.5, 0.5], "seconds": 1.0}),
        (pair("2", 0, "other"), {"failed": "not_an_image", "seconds": 1.0}),
        (pair("3", 0, "other"), {"failed": "not_an_image", "seconds": 1.0}),
    ]
    figures = figures_of(answered, "pairs")
    assert figures["err_rank"]["mean"] == pytest.approx(3 / 4)
    assert figures["err_rank"]["n"] == 4
    assert figures["err_rank_by_group"]["other"]["mean"] == 1
    assert figures["ties"] == pytest.approx(1 / 4)
    assert figures["failed"] == {"units": 2, "by_reason": {"not_an_image": 2}}
    assert figures_of(answered[2:], "pairs")["err_rank"]["mean"] == 1
    assert "err_rank" not in figures_of([], "pairs")


def test_the_values_of_all_units_are_what_the_shares_are_means_of():
    both = [(pair("0", 0, ""), {"p": [0.9, 0.1], "seconds": 1.0}), (pair("1", 0, ""), {"failed": "a", "seconds": 1.0})]
    assert values_of(both, "pairs") == {"err_rank": {"0": 0.0, "1": 1.0}}
    answered = [
        (sample("0/0", [True, False]), {"p": [0.9, 0.1], "yes": [True, True], "seconds": 1.0}),
        (sample("0/1", [False, True]), {"p": [0.2, 0.8], "yes": [False, True], "seconds": 1.0}),
        (sample("1/0", [True, False]), {"failed": "missing", "seconds": 1.0}),
        (sample("1/1", [False, True]), {"p": [0.8, 0.2], "yes": [False, False], "seconds": 1.0}),
    ]
    values, figures = values_of(answered, "crossed"), figures_of(answered, "crossed")
    assert set(values) == {"acc_property", "acc_sample", "acc_choice", "text_score", "image_score", "group_score"}
    for name, found in values.items():
        assert sum(found.values()) / len(found) == pytest.approx(figures[name]["mean"]), name
    assert values["acc_property"] == {"0/0": 0.5, "0/1": 1.0, "1/1": 0.5}
    assert values["group_score"] == {"0": 1.0}
