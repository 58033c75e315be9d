"""Every loader on a small file in the layout that the makers publish."""

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from evals.data_sets import BadData, MissingData
from evals.verdict_sets.order import shuffled
from evals.verdict_sets.record import Asked
from evals.verdict_sets.registry import SETS, get_set
from yofo_rerank.errors import ConfigError, ImageError


def picture(path, size=(64, 48), colour="red"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def read(name, folder, limit=None):
    return list(get_set(name).read(folder, limit))


def texts(sample, answer):
    return [one.text for one in sample.asked if one.answer == answer]


@pytest.fixture
def dsg(tmp_path):
    rows = [
        ("whoops_5", "A rubix cube with ten purple squares", "rubix cube", 1, "0", "Is there a rubix cube?"),
        ("whoops_5", "A rubix cube with ten purple squares", "rubix cube, purple", 2, "1", "Is the cube purple?"),
        ("vrd_1", "cubes near a bench", "cubes", 1, "0", "Are there cubes?"),
        ("vrd_57", "bench near trees", "bench", 1, "0", "Is there a bench?"),
        ("vrd_57", "bench near trees", "trees", 2, "0", "Are there trees?"),
        ("vrd_57", "bench near trees", "bench, trees, near", 3, "1,2", "Is the bench near the trees?"),
    ]
    columns = "item_id,text,keywords,proposition_id,dependency,category_broad,category_detailed,tuple,"
    columns += "question_natural_language"
    with (tmp_path / "dsg-1k-anns.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns.split(","))
        for item, text, keywords, number, dependency, question in rows:
            writer.writerow([item, text, keywords, number, dependency, "entity", "whole", "tuple", question])
    picture(tmp_path / "images" / "vrd_57.png")
    return tmp_path


def test_dsg(dsg):
    cube, cubes, bench = read("dsg", dsg)
    assert cube.document.text == "A rubix cube with ten purple squares"
    assert texts(cube, True) == ["Is there a rubix cube?", "Is the cube purple?"]
    assert sorted(texts(cube, False)) == ["Are there trees?", "Is the bench near the trees?", "Is there a bench?"]
    parents = {one.text: [cube.asked[place].text for place in one.depends_on] for one in cube.asked}
    assert {text: found for text, found in parents.items() if found} == {
        "Is the cube purple?": ["Is there a rubix cube?"],
        "Is the bench near the trees?": ["Is there a bench?", "Are there trees?"],
    }
    assert texts(cubes, False) == []  # each other prompt names a cube or a bench
    assert bench.document.image.name == "vrd_57.png"
    assert texts(bench, False) == ["Is there a rubix cube?", "Is the cube purple?"]
    assert bench.group == "vrd"


def test_dsg_of_other_columns(dsg):
    path = dsg / "dsg-1k-anns.csv"
    path.write_text(path.read_text().replace("dependency", "parents", 1))
    with pytest.raises(BadData, match="wanted the column dependency"):
        read("dsg", dsg)


@pytest.fixture
def vaw(tmp_path):
    rows = [
        {
            "image_id": 2373241,
            "instance_id": "2373241004",
            "instance_bbox": [10.0, 8.5, 20.0, 30.0],
            "instance_polygon": None,
            "object_name": "floor",
            "positive_attributes": ["tiled", "gray"],
            "negative_attributes": ["wooden"],
        },
        {
            "image_id": 9,
            "instance_id": "9001",
            "instance_bbox": [500.0, 0.0, 20.0, 30.0],
            "instance_polygon": None,
            "object_name": "cat",
            "positive_attributes": ["black"],
            "negative_attributes": [],
        },
        {
            "image_id": 9,
            "instance_id": "9002",
            "instance_bbox": [0.0, 0.0, 20.0, 30.0],
            "object_name": "dog",
            "positive_attributes": [],
            "negative_attributes": [],
        },
    ]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "test.json").write_text(json.dumps(rows))
    picture(tmp_path / "VG_100K" / "9.jpg")
    picture(tmp_path / "VG_100K_2" / "2373241.jpg")
    return tmp_path


def test_vaw(vaw):
    floor, cat = read("vaw", vaw)  # nothing is said of the dog
    assert set(floor.asked) == {
        Asked("the floor is tiled", answer=True),
        Asked("the floor is gray", answer=True),
        Asked("the floor is wooden", answer=False),
    }
    assert len(floor.asked) == 3
    assert floor.load().load_image().size == (20, 30)
    assert "VG_100K_2" in str(floor.document.image)
    with pytest.raises(ImageError, match="holds nothing of a picture"):
        cat.load()


def test_vaw_as_it_is_cloned_has_no_pictures(vaw):
    for name in ("VG_100K/9.jpg", "VG_100K_2/2373241.jpg"):
        (vaw / name).unlink()
        (vaw / name).parent.rmdir()
    picture(vaw / "images" / "vaw_hero.png")
    with pytest.raises(MissingData, match=r"holds no VG_100K or VG_100K_2; .*visualgenome"):
        read("vaw", vaw)


def test_negbench(tmp_path):
    picture(tmp_path / "coco" / "a.jpg")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "COCO_val_mcq_llama3.1_rephrased.csv").write_text(
        "image_path,correct_answer,caption_0,caption_1,caption_2,caption_3,correct_answer_template\n"
        'coco/a.jpg,1,"A dog, no cat","A cat, no dog","A bird, no dog","A dog",hybrid\n'
    )
    [sample] = read("negbench", tmp_path)
    assert texts(sample, True) == ["A cat, no dog"]
    assert len(texts(sample, False)) == 3
    assert sample.group == "COCO_val_mcq_llama3.1_rephrased"
    assert sample.load().load_image().size == (64, 48)


def test_negbench_takes_coco_and_voc_and_finds_pictures_by_name(tmp_path):
    rows = 'image_path,correct_answer,caption_0,caption_1\n"/makers/VOC2007/JPEGImages/000001.jpg",0,a,b\n'
    names = ("VOC2007_mcq_llama3.1_rephrased", "chexpert_binary_mcq", "synthetic_mcq_llama3.1_rephrased")
    (tmp_path / "images").mkdir()
    for name in names:
        (tmp_path / "images" / f"{name}.csv").write_text(rows)
    [sample] = read("negbench", tmp_path)
    assert sample.group == names[0]
    assert str(sample.document.image) == "/makers/VOC2007/JPEGImages/000001.jpg"  # nothing of that name is here
    at = picture(tmp_path / "VOCdevkit" / "VOC2007" / "JPEGImages" / "000001.jpg")
    [sample] = read("negbench", tmp_path)
    assert sample.document.image == at
    (tmp_path / "images" / f"{names[0]}.csv").unlink()
    with pytest.raises(
        MissingData, match=r"holds no images/COCO_\*_mcq\*.csv or images/VOC.*edit the column image_path"
    ):
        read("negbench", tmp_path)


def test_negbench_without_a_right_answer(tmp_path):
    (tmp_path / "COCO_val_mcq.csv").write_text("image_path,correct_answer,caption_0\na.jpg,1,x\n")
    with pytest.raises(BadData, match="number of the correct_answer"):
        read("negbench", tmp_path)


def test_sugarcrepe(tmp_path):
    picture(tmp_path / "val2017" / "000000085329.jpg")
    (tmp_path / "data").mkdir()
    row = {"filename": "000000085329.jpg", "caption": "A green shirt.", "negative_caption": "A blue shirt."}
    (tmp_path / "data" / "swap_att.json").write_text(json.dumps({"0": row}))
    (tmp_path / "data" / "add_obj.json").write_text(json.dumps({"0": row, "1": row}))
    samples = read("sugarcrepe", tmp_path)
    assert [one.id for one in samples] == ["add_obj/0", "add_obj/1", "swap_att/0"]
    assert set(samples[2].asked) == {Asked("A green shirt.", answer=True), Asked("A blue shirt.", answer=False)}
    assert samples[2].load().load_image().size == (64, 48)


def test_winoground(tmp_path):
    for place in (0, 1):
        picture(tmp_path / "data" / "images" / f"ex_7_img_{place}.png")
    row = {"id": 7, "image_0": "ex_7_img_0", "image_1": "ex_7_img_1", "caption_0": "a b", "caption_1": "b a"}
    (tmp_path / "data" / "examples.jsonl").write_text(json.dumps(row | {"collapsed_tag": "Object"}) + "\n")
    first, second = read("winoground", tmp_path)
    assert (first.id, second.id) == ("7/0", "7/1")
    assert first.asked == (Asked("a b", answer=True), Asked("b a", answer=False))
    assert second.asked == (Asked("a b", answer=False), Asked("b a", answer=True))
    assert second.load().load_image().size == (64, 48)


def test_sa1b(tmp_path):
    picture(tmp_path / "images" / "17.png")
    said = [{"text": "a car", "answer": "yes", "reason": "There."}, {"text": "a boat", "answer": "no"}]
    (tmp_path / "validation.jsonl").write_text(json.dumps({"image": "images/17.png", "properties": said}) + "\n")
    [sample] = read("sa1b", tmp_path)
    assert sample.asked == (Asked("a car", answer=True), Asked("a boat", answer=False))
    assert sample.load().load_image().size == (64, 48)
    (tmp_path / "validation.jsonl").write_text("{}\n")
    with pytest.raises(BadData, match=r"validation.jsonl:1"):
        read("sa1b", tmp_path)


def test_lrvs(tmp_path):
    for name in "ab":
        picture(tmp_path / "images" / f"{name}.png")
    row = {"first": "images/a.png", "second": "images/b.png", "query": "a red dress", "requirements": ["red"]}
    row |= {"expression": "r1", "better": "second", "split": "validation"}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row) + "\n")
    [pair] = read("lrvs", tmp_path)
    assert (pair.better, pair.requirements, pair.expression, pair.group) == (1, ("red",), "r1", "validation")
    assert pair.documents[1].load_image().size == (64, 48)
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row | {"better": "both"}) + "\n")
    with pytest.raises(BadData, match="better must be first or second, but got 'both'"):
        read("lrvs", tmp_path)


def test_mini_draws_what_is_wanted():
    samples = read("mini", None, 2)
    assert [len(one.asked) for one in samples] == [10, 10]
    assert read("mini", None, 1)[0].asked == samples[0].asked  # the first of more
    assert {one.answer for one in samples[0].asked} == {True, False}


@pytest.mark.parametrize("name", [name for name in SETS if name != "mini"])
@pytest.mark.parametrize("given", [False, True])
def test_absent_data_say_whence_and_under_which_licence(name, given, tmp_path):
    origin = SETS[name].origin
    with pytest.raises(MissingData) as caught:
        read(name, tmp_path if given else None)
    assert origin.where in str(caught.value)
    assert origin.licence in str(caught.value)


def test_unknown_sets_are_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match="unknown set 'coco'; known are mini, sa1b, dsg"):
        get_set("coco")


def test_pairs_of_training_are_left_out_unless_the_whole_is_wanted(tmp_path):
    row = {"first": "a.png", "second": "b.png", "query": "red", "requirements": ["red"]}
    row |= {"expression": "r1", "better": "first"}
    sides = ("train", "validation", "train", None)  # None: pairs of one's own, of no split
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row | {"split": side}) + "\n" for side in sides))
    data = get_set("lrvs")
    assert [one.id for one in data.read(tmp_path)] == ["1", "3"]
    assert [one.id for one in data.read(tmp_path, whole=True)] == ["0", "1", "2", "3"]
    assert data.about()["split"] == "validation"
    assert data.about(whole=True)["split"] == "train and validation"
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row | {"split": "train"}) + "\n")
    with pytest.raises(BadData, match=r"all 1 pairs are of the training side.*--all-pairs"):
        list(data.read(tmp_path))


def test_the_place_of_a_statement_does_not_tell_its_answer(tmp_path):
    picture(tmp_path / "val2017" / "a.jpg")
    row = {"filename": "a.jpg", "caption": "true", "negative_caption": "false"}
    (tmp_path / "swap_att.json").write_text(json.dumps({str(place): row for place in range(200)}))
    samples = read("sugarcrepe", tmp_path)
    assert 70 < sum(one.asked[0].answer for one in samples) < 130
    assert read("sugarcrepe", tmp_path) == samples  # drawn from the sample's id
    assert read("sugarcrepe", tmp_path, 3) == samples[:3]
    for name in ("dsg", "vaw", "sugarcrepe"):
        assert get_set(name).about()["order"] == "shuffled"  # no answers of a run in the makers' order are taken over


@given(st.lists(st.sets(st.integers(0, 7)), min_size=1, max_size=8), st.text())
def test_shuffled_statements_are_the_same_and_after_what_they_depend_on(parents, seed):
    said = [
        Asked(f"s{place}", place % 2 == 0, tuple(sorted(one for one in found if one < place)))
        for place, found in enumerate(parents)
    ]
    moved = shuffled(said, seed)
    assert sorted(one.text for one in moved) == sorted(one.text for one in said)
    for at, one in enumerate(moved):
        before = said[int(one.text[1:])]
        assert one.answer == before.answer
        assert [moved[place].text for place in one.depends_on] == [said[place].text for place in before.depends_on]
        assert all(place < at for place in one.depends_on)


def test_statements_that_depend_on_one_another_are_all_asked():
    circle = [Asked("a", True, (1,)), Asked("b", True, (0,))]
    assert {one.text: one.depends_on for one in shuffled(circle, "")} in (
        {"a": (1,), "b": (0,)},
        {"b": (1,), "a": (0,)},
    )
