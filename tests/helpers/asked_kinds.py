"""What the runner's baselines call the fields that questions ask for."""

KINDS = {
    "role": "job",
    "affiliation": "employer",
    "major": "study",
    "hobby": "hobby",
    "interest": "interest",
    "MBTI": "personality",
    "quote": "quote",
    "topic": "topic",
    "clothing": "clothes",
    "hairstyle": "hair",
    "appearance": "looks",
    "emotion": "mood",
    "location": "place",
    "environment": "surroundings",
}
"""Field -> what the runner's baselines call it."""
