"""Media to vectors: decoding, and light descriptors of faces, voices and texts."""

from omni_persona_perception.media import MediaError, decode_audio, decode_image
from omni_persona_perception.perception import LIGHT, Perception
from omni_persona_perception.vectors import Vectors, face_vectors, text_vectors, voice_pitch, voice_vectors

__all__ = [
    "LIGHT",
    "MediaError",
    "Perception",
    "Vectors",
    "decode_audio",
    "decode_image",
    "face_vectors",
    "text_vectors",
    "voice_pitch",
    "voice_vectors",
]
