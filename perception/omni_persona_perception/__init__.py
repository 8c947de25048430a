"""Media to vectors: decoding, light descriptors of faces, voices and texts, and trained specialists."""

from omni_persona_perception.clips import Samples, clip_seconds, decode_audio, encode_wav, played_as_stored, resampled
from omni_persona_perception.errors import MediaError
from omni_persona_perception.kinds import MAX_BYTES, kind_of
from omni_persona_perception.likeness import (
    Compared,
    Prints,
    clip_print,
    is_print,
    near_clips,
    near_pictures,
    picture_print,
)
from omni_persona_perception.perception import PERCEPTIONS, Perception, perception
from omni_persona_perception.pictures import decode_image, picture_size, shown_as_stored
from omni_persona_perception.slow_clips import SlowClips
from omni_persona_perception.specialists import transcribe
from omni_persona_perception.threads import one_blas_thread
from omni_persona_perception.traces import traces, without_traces
from omni_persona_perception.vectors import (
    TextSpace,
    Vectors,
    face_vectors,
    packed_text_vectors,
    text_vectors,
    voice_pitch,
    voice_vectors,
)

__all__ = [
    "MAX_BYTES",
    "PERCEPTIONS",
    "Compared",
    "MediaError",
    "Perception",
    "Prints",
    "Samples",
    "SlowClips",
    "TextSpace",
    "Vectors",
    "clip_print",
    "clip_seconds",
    "decode_audio",
    "decode_image",
    "encode_wav",
    "face_vectors",
    "is_print",
    "kind_of",
    "near_clips",
    "near_pictures",
    "one_blas_thread",
    "packed_text_vectors",
    "perception",
    "picture_print",
    "picture_size",
    "played_as_stored",
    "resampled",
    "shown_as_stored",
    "text_vectors",
    "traces",
    "transcribe",
    "voice_pitch",
    "voice_vectors",
    "without_traces",
]
