"""Inputs of a local model, and checkpoints that differ in one thing."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import soundfile

from omni_persona import Media


def inputs_of(model, *items):
    """What the model is fed for a batch."""
    _ = model._model
    inputs, _ = model._inputs(model._chats.prepare(items))
    return inputs.rest if model._omni else inputs


def long_clip(item):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(301 * 4_000), 4_000, format="FLAC")
    return replace(item, query_audio=Media(buffer.getvalue(), "long.flac"))
