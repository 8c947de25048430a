"""Media to vectors: decoding, light descriptors of faces, voices and texts, and trained specialists."""

from omni_persona_perception.media import MediaError, decode_audio, decode_image
from omni_persona_perception.perception import PERCEPTIONS, Perception, perception
from omni_persona_perception.specialists import transcribe
from omni_persona_perception.vectors import Vectors, face_vectors, text_vectors, voice_pitch, voice_vectors

__all__ = [
    "PERCEPTIONS",
    "MediaError",
    "Perception",
    "Vectors",
    "decode_audio",
    "decode_image",
    "face_vectors",
    "perception",
    "text_vectors",
    "transcribe",
    "voice_pitch",
    "voice_vectors",
]
