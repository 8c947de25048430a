"""The options of `omni-persona run`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from omni_persona_cli.results import JSON_HELP

MAX_NEW_TOKENS = 256
MAX_NEW_TOKENS_WITH_THOUGHTS = 4096

_CHECKPOINTS, _ENDPOINTS, _ASKING, _SPENDING = "Checkpoints", "Endpoints and engines", "What is asked", "Tokens"


class Cues(str, Enum):
    """Which query media a model sees."""

    isolated = "isolated"
    as_released = "as-released"


class Without(str, Enum):
    """What is left out of the prompt."""

    image = "image"
    audio = "audio"
    text = "text"
    query = "query"


class ApiDialect(str, Enum):
    """Request format of the endpoint."""

    openai = "openai"
    audio_url = "audio_url"
    data_uri = "data-uri"
    stream = "stream"


class EngineName(str, Enum):
    """The program that runs a checkpoint."""

    local = "local"
    vllm = "vllm"
    transformers_serve = "transformers-serve"


class Tracker(str, Enum):
    """Experiment trackers for the results."""

    trackio = "trackio"
    wandb = "wandb"


ModelName: TypeAlias = Annotated[
    str,
    typer.Option(
        help="baseline:abstain, baseline:random, baseline:nearest, baseline:specialists, a Hub ID, a folder, or, "
        "with --endpoint, the server's name for the model."
    ),
]
Out: TypeAlias = Annotated[
    Path, typer.Option("--out", help="Run folder; repeating the command resumes an interrupted run.")
]
Dataset: TypeAlias = Annotated[Path, typer.Option(help="Dataset folder.")]
FitOn: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="For baseline:specialists: dataset folder of other people, to fit its threshold on."
    ),
]
Track: TypeAlias = Annotated[
    Tracker | None,
    typer.Option(
        help="Tracker that gets token counts and lexical scores, but no item, answer or medium: trackio or wandb."
    ),
]

Limit: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, help="Ask only this many items, spread over groups and absences.", rich_help_panel=_ASKING),
]
Subset: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Ask a representative subset of this many items, always the same one; score reports the error that it "
        "adds.",
        rich_help_panel=_ASKING,
    ),
]
CuesShown: TypeAlias = Annotated[
    Cues,
    typer.Option(
        help="isolated: only the medium of the query's modality. as-released: all query media of the item, but no "
        "picture for voice queries.",
        rich_help_panel=_ASKING,
    ),
]
LeftOut: TypeAlias = Annotated[
    list[Without] | None,
    typer.Option(
        help="Leave out all pictures (image), all clips (audio), the notes (text), or the query's picture and clip "
        "(query); may be repeated.",
        rich_help_panel=_ASKING,
    ),
]
PromptFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Text file that replaces the default system prompt.", rich_help_panel=_ASKING),
]
Reason: TypeAlias = Annotated[
    bool, typer.Option(help="Instruct the model to think before it answers.", rich_help_panel=_ASKING)
]
MaxNewTokens: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help=f"Maximum answer length, in tokens; default: {MAX_NEW_TOKENS}, or "
        f"{MAX_NEW_TOKENS_WITH_THOUGHTS} with --reason.",
        rich_help_panel=_ASKING,
    ),
]
Repeats: TypeAlias = Annotated[
    int,
    typer.Option(
        min=1,
        help="Ask every item this many times with different random draws; needs --temperature or baseline:random.",
        rich_help_panel=_ASKING,
    ),
]
Temperature: TypeAlias = Annotated[
    float,
    typer.Option(min=0.0, help="Sampling temperature; 0 decodes greedily.", rich_help_panel=_ASKING),
]
TopP: TypeAlias = Annotated[
    float,
    typer.Option(
        help="Nucleus sampling: sample from the most likely tokens with this total probability.",
        rich_help_panel=_ASKING,
    ),
]
Seed: TypeAlias = Annotated[
    int,
    typer.Option(min=0, help="Random seed, for baseline:random and with --temperature.", rich_help_panel=_ASKING),
]

MaxTokensTotal: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Stop (exit code 1) once the run has used this many tokens, in and out; a larger limit resumes it.",
        rich_help_panel=_SPENDING,
    ),
]
PriceIn: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0.0, help="Price per million prompt tokens, to report the cost.", rich_help_panel=_SPENDING),
]
PriceOut: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0.0, help="Price per million answer tokens, to report the cost.", rich_help_panel=_SPENDING),
]

Endpoint: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Base URL of an OpenAI-compatible server, such as http://localhost:8000/v1.",
        rich_help_panel=_ENDPOINTS,
    ),
]
Concurrency: TypeAlias = Annotated[
    int, typer.Option(min=1, help="Concurrent requests to a server.", rich_help_panel=_ENDPOINTS)
]
Dialects: TypeAlias = Annotated[
    list[ApiDialect] | None,
    typer.Option(
        help="Request format of the endpoint. openai: clips as input_audio. audio_url: clips as audio_url, as vLLM "
        "expects. data-uri: clips as input_audio with a data URI. stream: streamed replies; combines with any "
        "of the others. May be repeated.",
        rich_help_panel=_ENDPOINTS,
    ),
]
SameModel: TypeAlias = Annotated[
    bool,
    typer.Option(help="Resume a run whose model is now served at another host or port.", rich_help_panel=_ENDPOINTS),
]
ApiKeyEnv: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Environment variable with the endpoint's API key.",
        rich_help_panel=_ENDPOINTS,
    ),
]
Engine: TypeAlias = Annotated[
    EngineName,
    typer.Option(
        help="What runs a checkpoint. local: this process. vllm, transformers-serve: a server that is started for "
        "this run on 127.0.0.1, and stopped afterwards.",
        rich_help_panel=_ENDPOINTS,
    ),
]
VllmCommand: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="COMMAND",
        help="vLLM executable, such as one in a separate environment.",
        rich_help_panel=_ENDPOINTS,
    ),
]
EngineWait: TypeAlias = Annotated[
    float,
    typer.Option(metavar="SECONDS", min=1.0, help="Startup timeout of an engine.", rich_help_panel=_ENDPOINTS),
]

AdapterFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--adapter",
        help="Folder of a LoRA adapter for the checkpoint, as `omni-persona sft` and `rlvr` write it.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
Revision: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Revision of a checkpoint on the Hub: a branch, a tag, a commit, or refs/pr/N.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
BatchSize: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="N|auto",
        help="Items per batch of a checkpoint; auto: as many as fit in memory.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
MaxPixels: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Shrink larger pictures for a checkpoint; default: 1048576 pixels for Qwen-Omni, and for "
        "others the limit of their image processor.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
DropUnsupported: TypeAlias = Annotated[
    bool,
    typer.Option(
        help="Leave out media that a checkpoint cannot take, and record that in the item's line.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
Device: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Such as cuda:0 or cpu; auto: over all GPUs; default: chosen automatically.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
Dtype: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Such as float16; default: bfloat16 on a GPU, float32 elsewhere.", rich_help_panel=_CHECKPOINTS),
]
Attention: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Such as sdpa or eager; default: flash attention if installed and applicable.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
TrustRemoteCode: TypeAlias = Annotated[
    bool, typer.Option(help="Allow the checkpoint to run its own code.", rich_help_panel=_CHECKPOINTS)
]
Ray: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--ray",
        help="Distribute the run over a Ray cluster: the one that RAY_ADDRESS names, or this machine. "
        "Every machine needs omni-persona, and the dataset and checkpoint under the same path.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
RayWorkers: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Number of workers; default: one per GPU of the cluster, or one per machine if it has none.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help=JSON_HELP)]
