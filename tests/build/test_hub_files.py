"""What the Hub reads beside the rows: `eval.yaml`, `croissant.json`, and the results of checks in the card."""

import hashlib
import json
import re
import shutil

import pyarrow.parquet as pq
import pytest
import yaml
from huggingface_hub import DatasetCard

import omni_persona
from omni_persona_artifacts.markdown import inline
from omni_persona_build.card import write_baselines, write_findings
from omni_persona_build.checks import Finding, check
from omni_persona_build.croissant import published
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import Recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_build.release import import_release

# What mlcroissant's own dependencies warn of is none of ours.
quiet = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")

FINDINGS = [Finding("counts", True, "144 items"), Finding("gold", False, "'a | b' <b>\nis stated by nobody")]


@pytest.fixture
def folder(built, tmp_path):
    """A dataset folder that a test may change."""
    return shutil.copytree(built, tmp_path / "omni-persona")


def test_the_leaderboards_are_those_of_a_models_entries_over_configurations_that_exist(built):
    content = yaml.safe_load((built / "eval.yaml").read_text(encoding="utf-8"))
    assert list(content) == ["name", "description", "tasks"]
    assert [task["id"] for task in content["tasks"]] == list(omni_persona.LEADERBOARDS)
    configs = {config["config_name"]: config for config in DatasetCard.load(built / "README.md").data.configs}
    for task in content["tasks"]:
        assert task.keys() == {"id", "config", "split"}
        assert task["split"] in {part["split"] for part in configs[task["config"]]["data_files"]}
        assert next(iter(omni_persona.load(built, task["config"], streaming=True)))


def test_a_group_without_items_has_no_leaderboard(shared_pool, tmp_path):
    recipe = Recipe.model_validate({"name": "few", "tasks": {"visual_to_bio": {"answerable": 2}}})
    build(shared_pool.folder, recipe, tmp_path / "o")
    tasks = yaml.safe_load((tmp_path / "o" / "eval.yaml").read_text(encoding="utf-8"))["tasks"]
    assert [task["id"] for task in tasks] == ["cal", "ans", "unans", "cal_i2i"]


@quiet
def test_croissant_is_valid_and_reads_every_item_with_its_media(built):
    import mlcroissant

    described = mlcroissant.Dataset(built / "croissant.json")
    issues = described.metadata.ctx.issues
    assert not issues.errors
    # When it was published is not known before it is.
    assert [one for one in issues.warnings if "datePublished" not in one] == []
    rows = {row["augmented_id"]: row for row in pq.read_table(next(built.glob(omni_persona.DATA_FILES))).to_pylist()}
    records = list(described.records("default"))
    assert [record["default/augmented_id"].decode() for record in records] == list(rows)
    for record in records:
        row = rows[record["default/augmented_id"].decode()]
        for name in ("group", "absence", "query_text"):
            assert record[f"default/{name}"].decode() == row[name]
        assert record["default/no_GT"] == row["no_GT"]
        supervision = record["default/answer_supervision"]
        gold = supervision["default/answer_supervision/gold_answer"]
        assert gold.decode() == row["answer_supervision"]["gold_answer"]
        for read, context in zip(record["default/contexts"], row["contexts"], strict=True):
            assert read["default/contexts/text"].decode() == context["text"]
            assert read["default/contexts/audio"] == context["audio"]["bytes"]
            assert read["default/contexts/image"].size == (64, 64)
        image = record["default/query_assets"]["default/query_assets/image"]
        assert (image is None) == (row["query_assets"]["image"] is None)


def test_croissant_names_every_column_and_the_content_of_every_file(built):
    content = json.loads((built / "croissant.json").read_text(encoding="utf-8"))
    (records,) = content["recordSet"]
    assert [field["@id"] for field in records["field"]] == [f"default/{name}" for name in omni_persona.FEATURES]
    parts = {field["@id"]: [part["@id"] for part in field.get("subField", ())] for field in records["field"]}
    for name in ("contexts", "query_assets", "answer_supervision"):
        kind = omni_persona.FEATURES[name]
        inside = kind if isinstance(kind, dict) else kind.feature
        assert parts[f"default/{name}"] == [f"default/{name}/{part}" for part in inside]
    files = {one["contentUrl"]: one["sha256"] for one in content["distribution"] if one["@type"] == "cr:FileObject"}
    assert files == {
        path.relative_to(built).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in built.glob("data/*.parquet")
    }
    wanted = {
        "dataCollection", "dataBiases", "dataLimitations", "personalSensitiveInformation", "dataUseCases",
        "dataSocialImpact", "dataReleaseMaintenancePlan", "dataAnnotationProtocol", "dataPreprocessingProtocol",
    }  # fmt: skip
    assert {key[4:] for key in content if key.startswith("rai:")} == wanted
    assert all(content[f"rai:{key}"] for key in wanted)


@quiet
def test_a_publication_gives_the_rest_and_leaves_nothing_to_warn_of(folder):
    import mlcroissant

    published(folder, "org/omni-persona", "2026-05-01")
    first = (folder / "croissant.json").read_bytes()
    issues = mlcroissant.Dataset(folder / "croissant.json").metadata.ctx.issues
    assert (list(issues.errors), list(issues.warnings)) == ([], [])
    content = json.loads(first)
    assert content["url"] == "https://huggingface.co/datasets/org/omni-persona"
    assert (content["creator"]["name"], content["datePublished"]) == ("org", "2026-05-01")
    published(folder, "org/omni-persona", "2026-06-01")
    assert (folder / "croissant.json").read_bytes() == first
    published(folder, "other/omni-persona", "2026-07-01")
    assert json.loads((folder / "croissant.json").read_text("utf-8"))["datePublished"] == "2026-07-01"


def test_a_folder_without_croissant_is_published_as_it_is(folder):
    (folder / "croissant.json").unlink()
    published(folder, "org/omni-persona", "2026-05-01")
    assert not (folder / "croissant.json").exists()


def test_the_card_says_that_nothing_was_checked_until_it_was(built):
    assert "Not checked yet: `omni-persona check --write omni-persona`." in (built / "README.md").read_text("utf-8")


def test_results_of_checks_take_their_place_and_nothing_elses(folder):
    before = (folder / "README.md").read_text(encoding="utf-8")
    write_findings(folder, check(folder))
    head, _, _ = before.partition("Not checked yet")
    _, _, tail = before.partition("<!-- end of checks -->")
    after = (folder / "README.md").read_text(encoding="utf-8")
    assert after.startswith(head)
    assert after.endswith(tail)
    assert "checks pass" in after
    assert after.count("| pass |") >= 18
    assert "Not checked yet" not in after
    # The YAML tells `datasets` whether it read this folder before.
    assert after.split("\n---\n")[0] == before.split("\n---\n")[0]
    write_findings(folder, FINDINGS)
    last = (folder / "README.md").read_text(encoding="utf-8")
    assert "**1 of 2 checks failed.**" in last
    assert "| gold | **FAIL** | 'a \\| b' &lt;b&gt; is stated by nobody |" in last
    assert "All 25" not in last
    write_findings(folder, check(folder))
    assert (folder / "README.md").read_text(encoding="utf-8") == after


def test_a_card_of_ones_own_gets_the_results_at_its_end(folder):
    (folder / "README.md").write_text("My words.\n", encoding="utf-8")
    for _ in range(2):
        write_findings(folder, FINDINGS)
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert card.startswith("My words.\n\n## Checks\n\n<!-- checks -->\n\n**1 of 2")
        assert card.count("| counts | pass | 144 items |") == 1
    (folder / "README.md").unlink()
    with pytest.raises(BuildError, match=r"has no README\.md to write the results of the checks into"):
        write_findings(folder, FINDINGS)


def test_the_card_tells_settings_consent_gate_and_source(built):
    card = (built / "README.md").read_text(encoding="utf-8")
    for line in (
        "| recipe | `tiny`: Eight items of each task; half of them cannot be answered, for either reason. |",
        "| seed | 0 |",
        "| memories a question (K) | 4 |",
        "| distractors | hard, told by light vectors |",
        "| clips | 2 to 30 s |",
        "answers for the consent of everybody in\nit.",
        "Access is gated",
        "@misc{omnipersona,",
    ):
        assert line in card


def test_the_card_links_the_code_and_shows_an_example_and_baselines(built):
    card = (built / "README.md").read_text(encoding="utf-8")
    assert "[omni-persona](https://pypi.org/project/omni-persona/)" in card
    assert "\npip install omni-persona\n" in card
    item = next(one for one in omni_persona.read(built) if one.answerable and one.task.group == "I2I")
    memory = next(one for one in item.contexts if one.concept_id == item.target_concept_id)
    shown = card.partition("## An example")[2].partition("## What is in it")[0]
    for text in (memory.text, item.query_text, item.gold_answer):
        assert inline(text) in shown
    linked = re.findall(r"\]\((example/[^)]+)\)", shown)
    assert [(built / path).read_bytes() for path in linked] == [
        memory.audio.data,
        memory.image.data,
        item.query_image.data,
    ]
    assert "| always abstains | 0.0 | 100.0 | 50.0 |" in card
    assert "| guesses among the notes that state what is asked | 33.3 | 0.0 | 16.7 |" in card
    assert "Table 2" not in card, "what is wrong in the paper stands in the documentation"


def test_scores_of_runs_take_their_place_in_the_card(folder):
    before = (folder / "README.md").read_text(encoding="utf-8")
    write_baselines(folder, [["some/a|b <b>", "10.0", "20.0", "15.0", "9.1–21.0"]])
    write_baselines(folder, [["org/c", "30.0", "20.0", "25.0", "19.1–31.0"]])
    after = (folder / "README.md").read_text(encoding="utf-8")
    assert "| org/c | 30.0 | 20.0 | 25.0 | 19.1–31.0 | measured |" in after
    assert "some/a" not in after
    assert after.replace("\n| org/c | 30.0 | 20.0 | 25.0 | 19.1–31.0 | measured |", "") == before
    (folder / "README.md").write_text("My words.\n", encoding="utf-8")
    with pytest.raises(BuildError, match="has no part for baselines"):
        write_baselines(folder, [])


def test_the_card_of_an_import_says_what_its_rows_hold(shared, tmp_path):
    """Queries of the release come with both media, and siblings have other memories; notes are not shown."""
    release = shared / "release_like"
    done = import_release(release / "release.jsonl", release / "assets", tmp_path / "omni-persona")
    card = (done.out / "README.md").read_text(encoding="utf-8")
    assert "98 items of 24 source samples" in card
    assert "of 24 samples of several items, 0 have the same notes in all of them" in card
    assert "the query's `image` (98 items) and `audio` (98 items), whatever its modality" in card
    assert "(I2I) or `audio` (A2A), else null" not in card
    assert "sibling items share" not in card
    assert "## An example" not in card
    assert not (done.out / "example").exists()
