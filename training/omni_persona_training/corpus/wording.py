"""Texts of training examples, in our own words: rules and questions."""

from __future__ import annotations

_MEMORIES = """\
You keep memories of several people. Each memory is headed "Context" and a number, and holds what is known of one \
person: a photo of the face, a clip of the voice, or both.
"""

LOCALIZE = f"""\
{_MEMORIES}
Find the context that the query is about. Reply with its number alone, such as 2, or with the word none where it is in \
no context."""

VERIFY = f"""\
{_MEMORIES}
The query names one context. Reply with the word yes or the word no alone."""

DESCRIBE = f"""\
{_MEMORIES}
Reply with one sentence about what is asked for, and with nothing that is not shown. Where what is asked for is not \
shown, reply with exactly this sentence:
I cannot determine that from the provided context."""

LISTEN = "You hear a clip. Reply with what is asked for and nothing else."

LOCALIZE_FACE = (
    "Which context shows the person in this photo?",
    "Whose face is this? Give the number of the context.",
    "In which context is the person seen here?",
)
LOCALIZE_VOICE = (
    "Which context has the voice of this clip?",
    "Who is speaking here? Give the number of the context.",
    "In which context is the speaker of this clip?",
)
VERIFY_FACE = (
    "Does context {n} show the person in this photo?",
    "Is this the face of context {n}?",
    "Is the person seen here the one of context {n}?",
)
VERIFY_VOICE = (
    "Is the speaker of this clip the person of context {n}?",
    "Is this the voice of context {n}?",
    "Does the voice in context {n} speak here?",
)
EMOTION = (
    "In which context does the speaker sound {how}?",
    "One voice may sound {how}. Which context is it in?",
    "Give the number of the context with the {how} voice.",
)
CONVERSATION = (
    "Several people speak in this clip, one after the other. Which context is the one who speaks {turn}?",
    "This is a conversation. Give the number of the context of the {turn} speaker.",
    "Whose voice is the {turn} one in this conversation? Give the number of the context.",
)
TRANSCRIBE = (
    "Write down what is said.",
    "What does the speaker say, word for word?",
    "Transcribe this clip.",
    "Give the words of this clip.",
    "Which words are spoken here?",
    "Put this speech into writing.",
)
TRANSCRIBE_EVENT = (
    "Write down what is said, with the other sound in brackets where it is heard.",
    "Transcribe this clip, and name the sound beside the speech in brackets.",
    "Give the words of this clip and, in brackets, what else is heard.",
    "Put this clip into writing. Sounds that are no speech go into brackets.",
)
EVENT_CHOICE = (
    "Which sound is heard beside the speech?\n{options}\nReply with the letter alone.",
    "What else is heard in this clip?\n{options}\nReply with the letter alone.",
    "Choose the sound that is not speech.\n{options}\nReply with the letter alone.",
)
CAPTION = (
    "Describe context {n}: how the person looks, and what they say.",
    "Write a caption for context {n} from its photo and its clip.",
    "What do the photo and the clip of context {n} hold?",
)
LOOKS = (
    "Describe the person in the photo of context {n}.",
    "How does the person of context {n} look in the photo?",
    "What does the photo of context {n} show of the person?",
)
TURNS = ("first", "second", "third", "fourth")
