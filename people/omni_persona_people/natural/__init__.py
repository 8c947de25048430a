"""Natural voices: Kokoro-82M speaks with mixtures of its voice packs, with simulated recording in various rooms.

Needs the extra `voices`; the voice packs are part of this package (`packs/NOTICE`).
"""
