"""The metric's Space on the Hub: upload predictions, get scores.

    python metrics/omni_persona_cal/app.py

In a Space this file runs as a script beside the package's other files, and no folder has the package's name: hence
the code that registers the files beside it as a package.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

if not __package__:
    __package__ = "omni_persona_cal"
    _spec = importlib.util.spec_from_file_location(__package__, Path(__file__).with_name("__init__.py"))
    assert _spec is not None and _spec.loader is not None
    sys.modules[__package__] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[__package__])

from . import figure, page
from .evaluation import compute, judged_items
from .published import counts_as_released
from .reading import read_answers
from .scores import PROTOCOLS

_LARGEST = 50_000_000
"""Maximum size of an uploaded file, in bytes."""

_INTRO = """\
# Omni-Persona Cal

Can a personal assistant answer what the memories of a person hold, **and** say so when they do not hold the answer?
Give the predictions of a model and the references they belong to: JSON lines, also those that the scripts of the v2.2
release write. Answers without verdicts in the file are judged by a rule that compares words.
"""


def _example() -> tuple[str, str]:
    """Example predictions and references."""
    golds = [
        ("I2I", "visual_to_bio", "harbour pilot", "none"),
        ("A2A", "voice_to_bio", "beekeeping", "none"),
        ("T2T", "semantic_to_emotion", "calm and a little proud", "none"),
        ("T2Any", "dialogue_to_environment", "A park near the old library", "none"),
        ("I2I", "visual_to_bio", "", "absent_persona"),
        ("A2A", "voice_to_image", "", "absent_persona"),
        ("T2T", "semantic_to_bio", "", "absent_attribute"),
    ]
    said = [
        "They work as a harbour pilot and we met in Trondheim.",
        "Their hobby is chess.",
        "I cannot determine that from the provided context.",
        "You met them in the park near the old library.",
        "I cannot determine that from the provided context.",
        "A woman in a green raincoat.",
        "There is not enough information about their job.",
    ]
    ids = [f"sample_{index}__aug_0" for index in range(len(golds))]
    references = [
        {
            "augmented_id": item_id,
            "source_sample_id": item_id.partition("__")[0],
            "group": group,
            "task": task,
            "absence": absence,
            "gold_answer": gold,
            "answerable": absence == "none",
        }
        for item_id, (group, task, gold, absence) in zip(ids, golds, strict=True)
    ]
    predictions = [{"augmented_id": item_id, "prediction": text} for item_id, text in zip(ids, said, strict=True)]
    return _lines(predictions), _lines(references)


def _lines(records: list[dict[str, Any]]) -> str:
    return "\n".join(json.dumps(record) for record in records)


def _given(text: str | None, file: str | None) -> str:
    """The uploaded file, or else the pasted text."""
    if file is None:
        return text or ""
    path = Path(file)
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"expected a file of at most {_LARGEST:,} bytes, got {path.stat().st_size:,}")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ValueError(f"expected a text file in UTF-8: {fault}") from None


def score(
    predictions_text: str | None,
    predictions_file: str | None,
    references_text: str | None,
    references_file: str | None,
    protocol: str,
) -> tuple[str, str, str, str, str | None]:
    """Headline, tables, picture and answers as HTML, and the path of `scores.json`; an error replaces the headline."""
    try:
        given = _given(predictions_text, predictions_file), _given(references_text, references_file)
        answers = read_answers(*given)
        scores = compute(answers.predictions, answers.references, verdicts=answers.verdicts, protocol=protocol)
        items, _ = judged_items(answers.predictions, answers.references, verdicts=answers.verdicts)
    except ValueError as fault:
        return page.error(str(fault)), "", page.picture(None), "", None
    file = Path(tempfile.mkdtemp()) / "scores.json"
    file.write_text(json.dumps(scores, indent=2), encoding="utf-8")
    return (
        page.headline(scores, answers.n_without_answer),
        page.score_table(scores),
        page.picture(scores, released=counts_as_released((item.group, item.absence) for item in items)),
        page.item_table(items, answers.predictions),
        str(file),
    )


def build() -> Any:
    """Build the page without serving it."""
    import gradio as gr

    with gr.Blocks(title="Omni-Persona Cal", analytics_enabled=False) as blocks:
        gr.Markdown(_INTRO)
        inputs: list[gr.Textbox | gr.File] = []
        with gr.Row():
            for name, hint in (
                ("Predictions", '{"augmented_id": ..., "prediction": ...}, one a line'),
                ("References", "one a line; may stay empty where the predictions' lines hold them"),
            ):
                with gr.Column():
                    inputs.append(gr.Textbox(label=name, placeholder=hint, lines=6, max_lines=6, elem_id=name.lower()))
                    inputs.append(
                        gr.File(label=f"or a file of {name.lower()}", file_types=[".jsonl", ".json"], height=110)
                    )
        protocol = gr.Radio(list(PROTOCOLS), value=PROTOCOLS[0], label="Protocol: which rules Ans and Cal follow")
        with gr.Row():
            example = gr.Button("Fill in an example")
            go = gr.Button("Score", variant="primary")
        head = gr.HTML()
        with gr.Tab("Where it stands"):
            plot = gr.HTML(page.picture(None))
        with gr.Tab("Groups, absence and tasks"):
            table = gr.HTML()
        with gr.Tab("Answers"):
            answers = gr.HTML()
        download = gr.DownloadButton("Download scores.json", visible=True)
        example.click(_example, None, [inputs[0], inputs[2]])
        go.click(score, [*inputs, protocol], [head, table, plot, answers, download])
    return blocks


if __name__ == "__main__":
    import gradio

    # System fonts: the page must not need a font server.
    fonts = ["system-ui", "sans-serif"]
    css = page.CSS + figure.style("%s", within=".dark ")
    build().launch(css=css, theme=gradio.themes.Soft(font=fonts, font_mono=["ui-monospace", "monospace"]))
