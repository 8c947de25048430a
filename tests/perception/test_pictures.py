"""What is shown of a picture is what was taken: upright, over white, scaled; anything else is refused."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from omni_persona_perception import MediaError, decode_image, pictures, shown_as_stored

PIXELS = np.random.default_rng(0).integers(0, 255, (40, 30, 3)).astype("uint8")
SMOOTH = np.add.outer(np.arange(0, 160, 4), np.arange(0, 90, 3))[..., None].repeat(3, 2).astype("uint8")


def saved(image, format="PNG", **options):
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("turned", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_is_turned_upright(turned, format):
    """By hand: what a camera stores for each of the eight ways to hold it."""
    ways = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = turned
    options = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(format, {})
    data = saved(np.ascontiguousarray(ways[turned](SMOOTH)), format, exif=exif, **options)
    shown = np.asarray(decode_image(data)).astype(int)
    assert shown.shape == SMOOTH.shape
    assert np.abs(shown - SMOOTH).mean() < 2
    assert shown_as_stored(data) == (turned == 1)


def test_an_orientation_that_there_is_not_turns_nothing():
    exif = Image.Exif()
    exif[0x0112] = 77
    assert decode_image(saved(PIXELS, "JPEG", exif=exif)).size == (30, 40)


@pytest.mark.parametrize("bits", [8, 10, 12, 13, 14, 16])
def test_grey_of_more_bits_is_scaled(bits):
    grey = SMOOTH[..., 0]
    most = (1 << bits) - 1
    values = np.rint(grey / 255 * most).astype(np.uint16)
    values[0, 0] = most
    data = saved(Image.fromarray(values))
    assert np.abs(np.asarray(decode_image(data))[..., 0].astype(int) - grey)[1:].max() <= 1
    assert not shown_as_stored(data)


@pytest.mark.parametrize("factor", [256, 257])
def test_a_dark_picture_that_was_scaled_to_16_bits_stays_dark(factor):
    dark = (SMOOTH[..., 0] // 8).astype(np.uint16)
    shown = np.asarray(decode_image(saved(Image.fromarray(dark * factor))))
    assert np.abs(shown[..., 0].astype(int) - dark).max() <= 1


def _chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_a_grey_level_that_stands_for_transparent_is_white():
    values = np.full((4, 4), 30_000, np.uint16)
    values[2:] = 7
    png = saved(Image.fromarray(values))
    seen_through = png[:33] + _chunk(b"tRNS", struct.pack(">H", 7)) + png[33:]
    assert np.asarray(decode_image(seen_through))[:, :, 0].tolist() == [[117] * 4] * 2 + [[255] * 4] * 2


def _png(bits, colour, row, transparent=b""):
    """A PNG of one row by hand. colour: 0 for grey, 2 for RGB. transparent: the colour that stands for it."""
    width = len(row) * 8 // bits // (3 if colour == 2 else 1)
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, 1, bits, colour, 0, 0, 0))
    seen_through = _chunk(b"tRNS", transparent) if transparent else b""
    pixels = _chunk(b"IDAT", zlib.compress(b"\0" + row))
    return b"\x89PNG\r\n\x1a\n" + header + seen_through + pixels + _chunk(b"IEND", b"")


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_every_grey_level_of_every_depth_can_stand_for_transparent(bits):
    levels = 1 << bits
    row = bytes(range(256)) if bits == 8 else b"\x1b" if bits == 2 else b"\x01\x23\x45\x67\x89\xab\xcd\xef"
    row = b"\x40" if bits == 1 else row
    plain = np.asarray(decode_image(_png(bits, 0, row)))[0, :, 0].astype(int)
    stored = np.rint(plain * (levels - 1) / 255).astype(int)
    assert set(stored) == set(range(levels))
    for level in range(levels):
        shown = np.asarray(decode_image(_png(bits, 0, row, struct.pack(">H", level))))[0, :, 0]
        assert shown.tolist() == np.where(stored == level, 255, plain).tolist()


@pytest.mark.parametrize("colour", [(257, 514, 771), (300, 514, 771), (512, 1024, 0), (65535, 1, 40_000)])
def test_a_transparent_colour_of_16_bits_is_white(colour):
    stored = struct.pack(">3H", *colour)
    shown = np.asarray(decode_image(_png(16, 2, stored + struct.pack(">3H", 9_000, 9_000, 9_000), stored)))
    assert shown[0].tolist() == [[255, 255, 255], [35, 35, 35]]


def test_pictures_of_more_bits_are_not_shown_alike_by_all_programs():
    assert not shown_as_stored(_png(16, 2, struct.pack(">3H", 9_000, 10_000, 11_000)))
    assert shown_as_stored(_png(8, 2, b"abc"))


@pytest.mark.parametrize(("format", "options"), [("JPEG", {}), ("WEBP", {}), ("WEBP", {"lossless": True})])
@pytest.mark.parametrize("part", [0.3, 0.5, 0.8])
def test_a_download_that_stopped_in_a_file_of_reserved_size_is_refused(format, options, part):
    data = saved(np.random.default_rng(0).integers(0, 255, (100, 100, 3)).astype("uint8"), format, **options)
    kept = int(len(data) * part)
    with pytest.raises(MediaError, match="cut off"):
        decode_image(data[:kept] + bytes(len(data) - kept))


@pytest.mark.parametrize(("format", "options"), [("JPEG", {}), ("WEBP", {}), ("WEBP", {"lossless": True})])
def test_a_flat_picture_is_not_taken_for_one_that_was_cut_off(format, options):
    data = saved(np.full((600, 800, 3), 128, np.uint8), format, **options)
    assert np.asarray(decode_image(data)).std() == 0


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_what_was_erased_stays_erased(format):
    alpha = np.full((40, 30), 255, np.uint8)
    alpha[20:] = 0
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    data = saved(np.dstack([PIXELS, alpha]), format, **options)
    shown = np.asarray(decode_image(data))
    assert np.array_equal(shown[:20], PIXELS[:20])
    assert (shown[20:] == 255).all()
    assert not shown_as_stored(data)


def test_half_transparent_is_half_white():
    layered = np.dstack([np.zeros((5, 5, 3), np.uint8), np.full((5, 5), 128, np.uint8)])
    assert np.asarray(decode_image(saved(layered))).mean() == pytest.approx(127, abs=1)


@pytest.mark.parametrize("mode", ["P", "RGB", "L"])
def test_a_transparent_colour_is_white(mode):
    image = Image.new(mode, (4, 4), 3 if mode != "RGB" else (3, 3, 3))
    image.putpixel((0, 0), 9 if mode != "RGB" else (9, 9, 9))
    if mode == "P":
        image.putpalette([value for index in range(256) for value in (index, index, index)])
    seen_through = 3 if mode != "RGB" else (3, 3, 3)
    shown = decode_image(saved(image, transparency=seen_through))
    assert shown.getpixel((0, 0)) == (9, 9, 9)
    assert shown.getpixel((3, 3)) == (255, 255, 255)


def test_a_wholly_transparent_picture_is_blank():
    with pytest.raises(MediaError, match="blank: it is wholly transparent"):
        decode_image(saved(np.dstack([PIXELS, np.zeros((40, 30), np.uint8)])))


@pytest.mark.parametrize(
    ("mode", "format"), [("L", "PNG"), ("1", "PNG"), ("P", "PNG"), ("CMYK", "JPEG"), ("L", "JPEG")]
)
def test_any_mode_becomes_rgb(mode, format):
    shown = decode_image(saved(Image.fromarray(SMOOTH).convert(mode, palette=Image.Palette.ADAPTIVE), format))
    assert (shown.mode, shown.size) == ("RGB", (30, 40))
    if mode != "1":
        assert np.abs(np.asarray(shown).astype(int) - SMOOTH).mean() < 6


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (saved(PIXELS)[:200], "this PNG is broken"),
        (saved(PIXELS, "JPEG")[:-100], "this JPEG is broken"),
        (saved(PIXELS, "WEBP")[:200], "this WebP is broken"),
        (b"\x89PNG\r\n\x1a\n", "this PNG is broken"),
        (_png(8, 3, bytes(30)), "this PNG is broken"),  # colours of a palette that there is not
        (saved(PIXELS, "BMP"), "a BMP picture: convert it to PNG"),
        (saved(PIXELS, "GIF"), "a GIF picture: convert it to PNG"),
        (saved(PIXELS[..., 0].astype(np.float32), "TIFF"), "TIFF.*convert it to PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        (b"\0\0\0\x20ftypheic\0\0\0\0", "HEIC picture: convert it to JPEG"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF picture: convert it to PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"RIFF\0\0\0\0WAVEfmt ", r"it is a clip \(WAV\)"),
        (b"no picture", "expected PNG, JPEG, WebP, got a file of no known kind"),
    ],
)
def test_what_is_no_picture_is_named_for_what_it_is(data, message):
    with pytest.raises(MediaError, match=message) as refused:
        decode_image(data)
    assert "object" not in str(refused.value)
    assert "0x" not in str(refused.value)


def test_a_huge_picture_is_refused_before_it_is_unpacked(monkeypatch):
    data = saved(PIXELS)
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("was unpacked"))
    with pytest.raises(MediaError, match="30 x 40 pixels is over 1000"):
        decode_image(data)


def _of_many_scans():
    data = saved(PIXELS, "JPEG", progressive=True)
    scan = data.rindex(b"\xff\xda")
    return data[:-2] + data[scan:-2] * 200 + data[-2:]


def _of_many_chunks():
    data = saved(PIXELS)
    empty = b"aaAa"
    return data[:33] + (bytes(4) + empty + zlib.crc32(empty).to_bytes(4, "big")) * 100_001 + data[33:]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_of_many_scans(), "more than 100 scans"),
        (_of_many_chunks(), "more than 100,000 parts"),
        (saved(PIXELS, "JPEG")[:2] + b"\xff\xd0" * 100_001 + saved(PIXELS, "JPEG")[2:], "more than 100,000 parts"),
    ],
)
def test_a_small_picture_that_takes_long_is_refused_before_it_is_unpacked(monkeypatch, data, message):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("was unpacked"))
    with pytest.raises(MediaError, match=message):
        decode_image(data)


def test_padding_between_the_parts_of_a_jpeg_is_skipped():
    data = saved(SMOOTH, "JPEG")
    padded = data[:2] + b"\xff" * 1_000_000 + data[2:]
    assert np.array_equal(np.asarray(decode_image(padded)), np.asarray(decode_image(data)))


def test_exif_that_cannot_be_read_hides_no_picture(monkeypatch):
    def broken(*_):
        raise SyntaxError("not a TIFF file (header b'' not valid)")

    monkeypatch.setattr(Image.Image, "getexif", broken)
    assert np.array_equal(np.asarray(decode_image(saved(PIXELS))), PIXELS)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), format=st.sampled_from(["PNG", "JPEG", "WEBP"]))
def test_broken_bytes_are_refused_in_our_own_words_or_shown(data, format):
    exif = Image.Exif()
    exif[0x0112], exif[0x013B], exif[0x8769] = 6, "Jo", {0x9204: (-1, 0)}
    whole = bytearray(saved(SMOOTH, format, exif=exif))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, min(len(whole), 300) - 1))] = data.draw(st.integers(0, 255))
    try:
        shown = decode_image(bytes(whole))
    except MediaError as refused:
        assert "object" not in str(refused)
        assert "<" not in str(refused)
    else:
        assert shown.mode == "RGB"
