"""The options of `omni-persona run`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

MAX_NEW_TOKENS = 256
MAX_NEW_TOKENS_WITH_THOUGHTS = 4096

_CHECKPOINTS, _ENDPOINTS, _ASKING, _SPENDING = "Checkpoints", "Endpoints and engines", "What is asked", "Tokens"


class Cues(str, Enum):
    """Which query media a model is shown."""

    isolated = "isolated"
    as_released = "as-released"


class Without(str, Enum):
    """What a model is not shown."""

    image = "image"
    audio = "audio"
    text = "text"
    query = "query"


class ApiDialect(str, Enum):
    """How an endpoint wants requests."""

    openai = "openai"
    audio_url = "audio_url"
    data_uri = "data-uri"
    stream = "stream"


class EngineName(str, Enum):
    """What runs a checkpoint."""

    local = "local"
    vllm = "vllm"
    transformers_serve = "transformers-serve"


class Tracker(str, Enum):
    """Where figures are sent."""

    trackio = "trackio"
    wandb = "wandb"


ModelName: TypeAlias = Annotated[
    str,
    typer.Option(
        help="baseline:abstain, baseline:random, baseline:nearest, baseline:specialists, a Hub id, a folder, or "
        "with --endpoint the name that the server knows."
    ),
]
Out: TypeAlias = Annotated[
    Path, typer.Option("--out", help="The run folder; the same command again goes on where it stopped.")
]
Dataset: TypeAlias = Annotated[Path, typer.Option(help="The dataset folder.")]
FitOn: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="For baseline:specialists: a dataset folder of other people, to fit its threshold on."
    ),
]
Track: TypeAlias = Annotated[
    Tracker | None,
    typer.Option(help="Send token counts and lexical scores to this tracker; no item, answer or medium goes there."),
]

Limit: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, help="Ask that many items, spread over groups and absences.", rich_help_panel=_ASKING),
]
Subset: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Ask a part of that many items that stands for the whole, always the same one; score tells the error it "
        "adds.",
        rich_help_panel=_ASKING,
    ),
]
CuesShown: TypeAlias = Annotated[
    Cues,
    typer.Option(
        help="isolated: the medium of the query's modality alone. as-released: all that the item has, but no "
        "picture for voice queries.",
        rich_help_panel=_ASKING,
    ),
]
LeftOut: TypeAlias = Annotated[
    list[Without] | None,
    typer.Option(
        help="Leave out all pictures, all clips, the notes, or the query's picture and clip; may be repeated.",
        rich_help_panel=_ASKING,
    ),
]
PromptFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="A text file to take the place of our system prompt.", rich_help_panel=_ASKING),
]
Reason: TypeAlias = Annotated[
    bool, typer.Option(help="Let the model think first; what follows is its answer.", rich_help_panel=_ASKING)
]
MaxNewTokens: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help=f"The longest answer, in tokens; {MAX_NEW_TOKENS} if left out, and "
        f"{MAX_NEW_TOKENS_WITH_THOUGHTS} with --reason.",
        rich_help_panel=_ASKING,
    ),
]
Repeats: TypeAlias = Annotated[
    int,
    typer.Option(
        min=1,
        help="Ask every item so many times, each time with other draws: needs --temperature, or baseline:random.",
        rich_help_panel=_ASKING,
    ),
]
Temperature: TypeAlias = Annotated[
    float,
    typer.Option(
        min=0.0, help="Draw answers at this temperature; 0 takes the most likely tokens.", rich_help_panel=_ASKING
    ),
]
TopP: TypeAlias = Annotated[
    float,
    typer.Option(help="Draw from the tokens that have this share of the probability.", rich_help_panel=_ASKING),
]
Seed: TypeAlias = Annotated[
    int,
    typer.Option(min=0, help="For draws: of baseline:random, and with --temperature.", rich_help_panel=_ASKING),
]

MaxTokensTotal: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Stop asking once the run has used so many tokens, in and out; exit code 1, and a larger limit goes on.",
        rich_help_panel=_SPENDING,
    ),
]
PriceIn: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0.0, help="Of a million tokens of prompts, to tell the cost.", rich_help_panel=_SPENDING),
]
PriceOut: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0.0, help="Of a million tokens of answers, to tell the cost.", rich_help_panel=_SPENDING),
]

Endpoint: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="An OpenAI-compatible server, such as http://localhost:8000/v1.",
        rich_help_panel=_ENDPOINTS,
    ),
]
Concurrency: TypeAlias = Annotated[
    int, typer.Option(min=1, help="Requests to a server at a time.", rich_help_panel=_ENDPOINTS)
]
Dialects: TypeAlias = Annotated[
    list[ApiDialect] | None,
    typer.Option(
        help="How an endpoint wants requests. openai: clips as input_audio. audio_url: clips as audio_url, as vLLM "
        "has them. data-uri: clips as input_audio that holds a data URI. stream: replies in parts; goes with any "
        "of the others. May be repeated.",
        rich_help_panel=_ENDPOINTS,
    ),
]
SameModel: TypeAlias = Annotated[
    bool,
    typer.Option(
        help="Go on with a run whose model is served at another host or port by now.", rich_help_panel=_ENDPOINTS
    ),
]
ApiKeyEnv: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="The environment variable that holds the endpoint's key.",
        rich_help_panel=_ENDPOINTS,
    ),
]
Engine: TypeAlias = Annotated[
    EngineName,
    typer.Option(
        help="What runs a checkpoint. local: this process. vllm, transformers-serve: a server that is started for "
        "this run on 127.0.0.1, and stopped with it.",
        rich_help_panel=_ENDPOINTS,
    ),
]
VllmCommand: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="COMMAND",
        help="vLLM's program, such as the path of one in an environment of its own.",
        rich_help_panel=_ENDPOINTS,
    ),
]
EngineWait: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="SECONDS", min=1.0, help="How long an engine may take to come up.", rich_help_panel=_ENDPOINTS
    ),
]

AdapterFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--adapter",
        help="The folder of a LoRA adapter that was trained on the checkpoint, as `omni-persona sft` and `rlvr` write.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
Revision: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Of a checkpoint on the Hub: a branch, a tag, a commit, or refs/pr/N.", rich_help_panel=_CHECKPOINTS
    ),
]
BatchSize: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="N|auto",
        help="Items that a checkpoint answers at once; auto: as many as fit.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
MaxPixels: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Shrink larger pictures for a checkpoint; if left out, Qwen-Omni is shown 1048576 pixels at most and "
        "others what their image processor makes of it.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
DropUnsupported: TypeAlias = Annotated[
    bool,
    typer.Option(
        help="Leave out of an item what a checkpoint cannot take, and say so in its line.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
Device: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Such as cuda:0 or cpu, or auto: over all GPUs; chosen for you if left out.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
Dtype: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Such as float16; bfloat16 on a GPU and float32 elsewhere if left out.", rich_help_panel=_CHECKPOINTS
    ),
]
Attention: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Such as sdpa or eager; if left out, flash attention where it is installed and fits.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
TrustRemoteCode: TypeAlias = Annotated[
    bool, typer.Option(help="Run code that comes with the checkpoint.", rich_help_panel=_CHECKPOINTS)
]
Ray: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--ray",
        help="Have the workers of a Ray cluster answer: the one that RAY_ADDRESS names, or else this machine. "
        "Every machine needs omni-persona, and the dataset and a checkpoint under the same path.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
RayWorkers: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How many workers; if left out, one on each GPU of the cluster, or one on each machine without.",
        rich_help_panel=_CHECKPOINTS,
    ),
]
