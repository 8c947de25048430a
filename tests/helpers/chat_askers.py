"""The three users of a chat endpoint (runner, judge, refining), asked in the same way."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
import soundfile
from PIL import Image

import omni_persona
from omni_persona import Context, Item, Media
from omni_persona_cal import JudgeError, make_judge
from omni_persona_people.errors import PoolError
from omni_persona_people.refine.client import ChatClient as RefiningClient
from omni_persona_people.refine.client import NoReplyError, RefusalError
from omni_persona_runner.endpoint import EndpointModel
from omni_persona_runner.model import LoadError, ModelError

KEY = "sk-very-secret-key"


class EndedError(Exception):
    """The work ended: no question can be answered."""


def picture():
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 30)).save(buffer, "PNG")
    return Media(buffer.getvalue(), "p.png")


def clip():
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.2 * np.sin(np.arange(800) / 5), 8000, format="WAV", subtype="PCM_16")
    return Media(buffer.getvalue(), "c.wav")


PICTURE, CLIP = picture(), clip()


def item(number):
    return Item(
        augmented_id=f"sample_{number}__aug_0",
        source_sample_id=f"sample_{number}",
        task=omni_persona.TASKS["voice_to_bio"],
        absence="none",
        target_concept_id="concept_0",
        contexts=(Context("concept_0", PICTURE, CLIP, "She is a nurse.", True),),
        query_image=None,
        query_audio=CLIP,
        query_text=f"question {number}",
        gold_answer="nurse",
        asked_subfield="role",
    )


def by_runner(url, numbers, *, concurrency=4, timeout=60.0, **settings):
    """Each answer, or `failed: ` and why."""
    model = EndpointModel(url, "m", concurrency=concurrency, timeout=timeout, first_wait=0.01, **settings)
    try:
        outcomes = {one.item_id: one for one in model.answer(item(number) for number in numbers)}
    except LoadError as ended:
        raise EndedError(str(ended)) from None
    found = [outcomes[item(number).augmented_id] for number in numbers]
    return [f"failed: {one.message}" if isinstance(one, ModelError) else one.text for one in found]


def by_judge(url, numbers, *, concurrency=4, timeout=60.0, **settings):
    options = {"longest_pause": 0.01, "concurrency": concurrency, "timeout": timeout, **settings}
    judge = make_judge("openai", {"model": "m", "base_url": url, **options})
    try:
        said = judge.judge([("nurse", f"question {number}") for number in numbers])
    except JudgeError as ended:
        raise EndedError(str(ended)) from None
    return [f"failed: {one.raw}" if one.verdict == "UNJUDGED" else one.verdict for one in said]


def by_refining(url, numbers, *, concurrency=4, timeout=60.0, **settings):
    async def work():
        places = asyncio.Semaphore(concurrency)
        async with RefiningClient(url, "m", timeout=timeout, first_wait=0.01, **settings) as client:

            async def ask(number):
                messages = [{"role": "system", "content": "s"}, {"role": "user", "content": f"question {number}"}]
                async with places:
                    try:
                        return await client.reply(messages, {"type": "object"})
                    except (NoReplyError, RefusalError) as failed:
                        return f"failed: {failed}"

            tasks = [asyncio.create_task(ask(number)) for number in numbers]
            try:
                return await asyncio.gather(*tasks)
            finally:  # as refining does
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    try:
        return asyncio.run(work())
    except PoolError as ended:
        raise EndedError(str(ended)) from None


ASKERS = [by_runner, by_judge, by_refining]


everybody = pytest.mark.parametrize("ask", ASKERS, ids=["runner", "judge", "refining"])
