"""What tells of people inside of files is found by name and taken out, and pixels and samples stay to the bit."""

import io
import struct
import zlib

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from recordings import aiff, au, caf, chunk, encoded, riff, speech_like, w64

from omni_persona_perception import MediaError, decode_audio, decode_image
from omni_persona_perception.traces import traces, without_traces

SECRET = "Jo Example"
PIXELS = np.random.default_rng(0).integers(0, 255, (40, 30, 3)).astype("uint8")
RECORDED = speech_like(0.5)
MP3 = encoded(RECORDED, format="MP3")


def _exif(orientation=None):
    exif = Image.Exif()
    exif[0x013B] = SECRET
    exif[0x8298] = f"(c) {SECRET}"
    exif.get_ifd(0x8769)[0xA430] = SECRET
    exif.get_ifd(0x8769)[0xA431] = "SN 1234"
    exif.get_ifd(0x8825)[1] = "N"
    if orientation:
        exif[0x0112] = orientation
    return exif


def _saved(format, **options):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, format, **options)
    return buffer.getvalue()


def _png_with_texts():
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", SECRET)
    texts.add_text("Title", SECRET, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{SECRET}</x:xmpmeta>")
    texts.add_text("Software", "a drawing program")
    return _saved("PNG", pnginfo=texts)


def _jpeg_part(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _jpeg_with_parts():
    plain = _saved("JPEG", progressive=True, icc_profile=b"a profile")
    parts = _jpeg_part(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET.encode())
    parts += _jpeg_part(0xED, b"Photoshop 3.0\0" + SECRET.encode()) + _jpeg_part(0xE5, SECRET.encode())
    return plain[:2] + parts + plain[2:] + SECRET.encode()


def _wav_with_tags():
    info = chunk(b"INAM", SECRET.encode()) + chunk(b"ISFT", b"Lavf58")
    before = chunk(b"bext", SECRET.encode().ljust(602, b"\0")) + chunk(b"PEAK", bytes(16))
    return riff(RECORDED, before=before, after=chunk(b"LIST", b"INFO" + info))


def _tagged(format, **options):
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", 16_000, 1, format=format, **options) as file:
        file.title, file.artist = SECRET, SECRET
        file.write(RECORDED)
    return buffer.getvalue()


def _id3(key, text):
    body = b"\x03" + text.encode()
    return b"ID3\x04\0\0" + bytes([0, 0, 0, len(body) + 10]) + key + struct.pack(">I", len(body)) + bytes(2) + body


PICTURES = {
    "jpeg": (_saved("JPEG", exif=_exif()), {"EXIF Artist", "EXIF BodySerialNumber", "EXIF CameraOwnerName"}),
    "jpeg turned": (_saved("JPEG", exif=_exif(6)), {"EXIF GPSInfo", "EXIF Copyright"}),
    "jpeg parts": (_jpeg_with_parts(), {"XMP", "IPTC", "part APP5", "bytes after its end"}),
    "jpeg comment": (_saved("JPEG", comment=SECRET.encode()), {"comment"}),
    "png": (_png_with_texts(), {"text Author", "text Title", "XMP"}),
    "png exif": (_saved("PNG", exif=_exif(8)), {"EXIF Artist"}),
    "png end": (_saved("PNG") + SECRET.encode(), {"bytes after its end"}),
    "webp": (_saved("WEBP", exif=_exif(3), xmp=SECRET.encode(), lossless=True), {"EXIF Artist", "XMP"}),
    "webp end": (_saved("WEBP") + SECRET.encode(), {"bytes after its end"}),
}
CLIPS = {
    "wav": (_wav_with_tags(), {"tag INAM", "part bext"}),
    "wav end": (riff(RECORDED) + _id3(b"TIT2", SECRET), {"ID3 TIT2"}),
    "wav by libsndfile": (_tagged("WAV"), {"tag INAM", "tag IART"}),
    "aiff": (_tagged("AIFF"), {"part NAME", "part AUTH"}),
    "au": (au(RECORDED, note=SECRET.encode().ljust(16, b"\0")), {"part annotation"}),
    "caf": (_tagged("CAF"), {"tag title", "tag artist"}),
    "flac": (_tagged("FLAC"), {"tag TITLE", "tag ARTIST"}),
    "flac behind id3": (_id3(b"TIT2", SECRET) + encoded(RECORDED, format="FLAC"), {"ID3 TIT2"}),
    "ogg": (_tagged("OGG"), {"tag TITLE", "tag ARTIST"}),
    "opus": (_tagged("OGG", subtype="OPUS"), {"tag TITLE", "tag ARTIST"}),
    "mp3": (_id3(b"TPE1", SECRET) + MP3, {"ID3 TPE1"}),
    "mp3 end": (
        MP3 + b"TAG" + SECRET.encode().ljust(125, b"\0"),
        {"ID3 or APE tags after its end"},
    ),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_the_traces_in_a_picture_are_named_and_taken_out(kind):
    data, names = PICTURES[kind]
    assert names <= set(traces(data))
    bare = without_traces(data)
    assert traces(bare) == ()
    assert without_traces(bare) == bare
    assert SECRET.encode() not in bare and b"SN 1234" not in bare
    assert np.array_equal(np.asarray(decode_image(bare)), np.asarray(decode_image(data)))
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(bare)) as after:
        assert before.info.get("icc_profile") == after.info.get("icc_profile")
        assert np.array_equal(np.asarray(before), np.asarray(after))


@pytest.mark.parametrize("kind", CLIPS)
def test_the_traces_in_a_clip_are_named_and_taken_out(kind):
    data, names = CLIPS[kind]
    assert names <= set(traces(data))
    bare = without_traces(data)
    assert traces(bare) == ()
    assert without_traces(bare) == bare
    assert SECRET.encode() not in bare
    assert np.array_equal(decode_audio(bare)[0], decode_audio(data)[0])
    # Other programs read it, too.
    assert len(soundfile.read(io.BytesIO(bare))[0]) >= len(RECORDED)


@pytest.mark.parametrize(
    "data",
    [
        _saved("PNG"),
        _saved("JPEG", quality=90),
        _saved("WEBP"),
        riff(RECORDED),
        aiff(RECORDED),
        au(RECORDED),
        caf(RECORDED),
        w64(RECORDED),
        encoded(RECORDED, format="FLAC"),
        encoded(RECORDED, format="OGG"),
        encoded(RECORDED, format="OGG", subtype="OPUS"),
        encoded(RECORDED, format="MP3"),
        riff(RECORDED, declared=0xFFFFFFFF, before=chunk(b"LIST", b"INFO" + chunk(b"ISFT", b"Lavf58"))),
    ],
)
def test_a_file_that_tells_nothing_stays_as_it_is(data):
    assert traces(data) == ()
    assert without_traces(data) is data


XMP_ORIENTATIONS = ('<rdf:Description tiff:Orientation="6"/>', "<tiff:Orientation>6</tiff:Orientation>")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("stated", XMP_ORIENTATIONS)
def test_a_picture_that_only_xmp_turns_upright_stays_upright(format, stated):
    xmp = f"<x:xmpmeta>{stated}{SECRET}</x:xmpmeta>"
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", xmp)
    data = _saved(format, **({"pnginfo": texts} if format == "PNG" else {"xmp": xmp.encode()}))
    bare = without_traces(data)
    assert decode_image(data).size == (40, 30)
    assert np.array_equal(np.asarray(decode_image(bare)), np.asarray(decode_image(data)))
    assert SECRET.encode() not in bare


def test_orientation_after_the_pixels_of_a_png_is_kept():
    """Some programs append metadata to a PNG."""
    turned = _saved("PNG", exif=_exif(6))
    place = turned.index(b"eXIf") - 4
    end = place + 12 + int.from_bytes(turned[place : place + 4], "big")
    last = turned.index(b"IEND") - 4
    data = turned[:place] + turned[end:last] + turned[place:end] + turned[last:]
    assert decode_image(data).size == (40, 30)
    assert np.array_equal(np.asarray(decode_image(without_traces(data))), np.asarray(decode_image(data)))


def test_bytes_between_the_parts_of_a_jpeg_are_traces():
    plain = _saved("JPEG")
    data = plain[:-2] + SECRET.encode() + plain[-2:]
    scan_end = len(plain) - 2
    # Within a scan they are data; behind a marker they belong to nothing.
    data = plain[:scan_end] + _jpeg_part(0xFE, b"CREATOR: gd-jpeg") + SECRET.encode() + plain[scan_end:]
    assert traces(data) == ("bytes between its parts",)
    assert SECRET.encode() not in without_traces(data)


def test_a_long_comment_is_taken_out_of_all_the_pages_it_fills():
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", 16_000, 1, format="OGG") as file:
        file.comment = SECRET * 12_000
        file.write(RECORDED)
    data = buffer.getvalue()
    bare = without_traces(data)
    assert SECRET.encode() not in bare
    assert np.array_equal(decode_audio(bare)[0], decode_audio(data)[0])


def test_a_text_that_cannot_be_unpacked_is_a_trace_by_its_key():
    png = _saved("PNG")
    body = b"Owner\0\0" + zlib.compress(SECRET.encode())[:5]
    text = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    assert traces(png[:33] + text + png[33:]) == ("text Owner",)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), kind=st.sampled_from([*PICTURES, *CLIPS]))
def test_broken_files_are_refused_or_decode_as_before(data, kind):
    whole = bytearray((PICTURES | CLIPS)[kind][0])
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, min(len(whole), 400) - 1))] = data.draw(st.integers(0, 255))
    decode = decode_image if kind in PICTURES else lambda data: decode_audio(data)[0]
    try:
        before = np.asarray(decode(bytes(whole)))
        bare = without_traces(bytes(whole))
    except MediaError as refused:
        assert "object at" not in str(refused)
    else:
        assert np.array_equal(np.asarray(decode(bare)), before)
