"""The tree itself: short files and functions, imports one way, and one owner for each format."""

from __future__ import annotations

import pytest
from source_tree import (
    ROOMS,
    ROOT,
    calls,
    functions,
    imports_of,
    literals,
    modules,
    on_cycles,
    source_files,
    tree_of,
)

import omni_persona
from omni_persona_artifacts import data_files

MOST_LINES, MOST_LINES_OF_A_FUNCTION = 350, 60
CODE = (".py", ".js", ".css", ".html", ".sh")
EVERYWHERE = (*ROOMS, "tests", "benchmarks", "docs", "integrations")


def _name(file):
    return file.relative_to(ROOT).as_posix()


def test_no_file_is_long():
    files = [ROOT / "omni_persona.py", ROOT / ".ci" / "run"]
    files += [path for folder in EVERYWHERE for path in (ROOT / folder).rglob("*") if path.suffix in CODE]
    lengths = {_name(file): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert len(lengths) > 500
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_no_function_is_long():
    lengths = {
        (_name(file), node.name): node.end_lineno - node.lineno + 1
        for file in (ROOT / "omni_persona.py", *source_files(*EVERYWHERE))
        for node in functions(tree_of(file))
    }
    assert len(lengths) > 3000
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION} == {}


def test_files_import_each_other_in_no_cycle():
    graph = {name: imports_of(name) for name in modules()}
    assert sum(map(len, graph.values())) > 1000
    assert on_cycles(graph) == []


def _folder(name):
    return _name(modules()[name].parent)


def test_no_folder_imports_back():
    """Between rooms, and between the folders of a room, the room's own included."""
    graph = {_folder(name): set() for name in modules()}
    for name in modules():
        graph[_folder(name)] |= {_folder(other) for other in imports_of(name)} - {_folder(name)}
    assert on_cycles(graph) == []


def test_helpers_and_benchmarks_have_names_of_their_own():
    """Both are imported by their bare names: of two alike, the one that sys.path lists first would be found."""
    names = [file.stem for file in source_files("tests/helpers", "benchmarks")]
    assert len(names) > 40
    assert sorted(names) == sorted(set(names))


def test_the_contract_imports_nothing_of_ours():
    assert imports_of("omni_persona") == set()


def test_a_cycle_is_found():
    assert on_cycles({"a": {"b"}, "b": {"c"}, "c": {"a", "e"}, "d": {"a"}, "e": set()}) == ["a", "b", "c"]


OWNERS = {
    "data/construction.parquet": {"omni_persona_artifacts.construction"},
    "data/release.parquet": {"omni_persona_artifacts.data_files"},
    "checks.json": {"omni_persona_artifacts.check_results"},
    "run.json": {"omni_persona_artifacts.run_reader"},
    "predictions.jsonl": {"omni_persona_artifacts.run_reader"},
    "verdicts.jsonl": {"omni_persona_artifacts.run_reader"},
    "judge_results.jsonl": {"omni_persona_artifacts.run_reader"},
    "scores.json": {"omni_persona_artifacts.run_reader", "omni_persona_cal.app"},
    "personas.jsonl": {"omni_persona_people.persona_line"},
    "parameters.jsonl": {"omni_persona_people.invent.parameters"},
    "wording.json": {"omni_persona_people.pool_questions"},
    "refine.json": {"omni_persona_people.refine.refine"},
    "eval.yaml": {"omni_persona_build.hub"},
    "croissant.json": {"omni_persona_build.croissant"},
    "corpus.jsonl": {"omni_persona_training.corpus.folder"},
    "corpus.json": {"omni_persona_training.corpus.folder"},
    "training.json": {"omni_persona_runner.adapter"},
    "adapter_config.json": {"omni_persona_runner.adapter"},
}
"""Name of a file -> the modules that may name it: its parser; a second one cannot import the first."""


@pytest.mark.parametrize("file", OWNERS)
def test_the_name_of_a_file_stands_where_its_parser_is(file):
    # The Space's page offers a download of its own under the same name as a run's scores.
    assert {name for name, path in modules().items() if file in literals(path)} == OWNERS[file]


def test_the_two_names_of_the_rows_are_one():
    assert data_files.DATA_FILES[0] == omni_persona.DATA_FILES


PARSERS = {
    "yaml.safe_load": {"artifacts/omni_persona_artifacts/yaml_files.py": "YAML by others"},
    "yaml.load": {"people/omni_persona_people/invent/vocabulary.py": "word lists of the package"},
    "json.loads": {
        "artifacts/omni_persona_artifacts/json_lines.py": "JSON lines",
        "artifacts/omni_persona_artifacts/json_files.py": "a file of JSON",
        "artifacts/omni_persona_artifacts/build_record.py": "the record in a Parquet footer",
        "artifacts/omni_persona_artifacts/file_list.py": "the list of a folder's files, for files that may be replaced",
        "artifacts/omni_persona_artifacts/inspect_log.py": "members of a harness's archive",
        "artifacts/omni_persona_artifacts/run_folder.py": "a manifest as JSON has it, before it is compared",
        "training/omni_persona_training/tuning/output.py": "settings as JSON has them, before they are compared",
        "metrics/omni_persona_cal/records.py": "lines of predictions and verdicts; the metric travels alone",
        "metrics/omni_persona_cal/judge_cache.py": "the judge's cache; the metric travels alone",
        "metrics/omni_persona_cal/judge_reply.py": "objects within a judge's words",
        "metrics/omni_persona_cal/chat_reply.py": "replies of chat completions",
        "metrics/omni_persona_cal/abstention_clauses.py": "an answer that is an object",
        "people/omni_persona_people/refine/cache.py": "the cache of replies, whose broken lines are asked for again",
        "people/omni_persona_people/refine/exchange.py": "objects within a model's words",
        "people/omni_persona_people/refine/draft.py": "a person's line that was parsed, with its order kept",
        "people/omni_persona_people/invent/freeze.py": "its own notes of a pool that it makes",
        "people/omni_persona_people/natural/kokoro.py": "data of the package",
        "people/omni_persona_people/rendered/makehuman.py": "data of MakeHuman",
    },
    "pq.ParquetFile": {"artifacts/omni_persona_artifacts/parquet_files.py": "any Parquet file"},
    "pq.read_table": {},
    "pq.read_schema": {"artifacts/omni_persona_artifacts/build_record.py": "the footer of a file of rows"},
}
"""Function that parses -> the files that call it, and what they parse."""


@pytest.mark.parametrize("function", PARSERS)
def test_a_format_is_parsed_in_one_place(function):
    assert {_name(file) for file in source_files(*ROOMS) if function in calls(file)} - PARSERS[function].keys() == set()


KEYS = {
    "model_prediction": {"omni_persona_cal.lines"},
    "judge_verdict": {"omni_persona_cal.lines"},
    "finish_reason": {"omni_persona_cal.chat_reply"},
    "peft_type": {"omni_persona_runner.adapter"},
}
"""Key of a format -> its parser."""


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_a_format_is_read_by_its_parser(key):
    assert {name for name, path in modules().items() if key in literals(path)} == KEYS[key]


def test_a_broken_line_is_reported_in_one_way():
    message = "not a JSON record: "
    files = {_name(file) for file in source_files(*ROOMS) if any(message in text for text in literals(file))}
    assert files == {"artifacts/omni_persona_artifacts/json_lines.py", "metrics/omni_persona_cal/records.py"}
