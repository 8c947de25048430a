"""Draw a picture: the avatar artwork, with our own backdrop and details, rendered to a small PNG."""

from __future__ import annotations

import io
import re

from omni_persona_people.invent.looks import Face, Shot

SIZE = 256
"""Width and height of a picture in pixels."""

_FRAME = 280
"""Width and height of the drawing in the artwork's units; the artwork is 264 wide and 280 high."""

_COLOURS = 64
"""Number of palette colours: flat artwork with smooth edges looks the same with 64 colours as with all."""

# The artwork's colours for glasses, which no other part in use has.
_GLASSES_FILL = re.compile("#(252C2F|D6EAF2)", re.IGNORECASE)

# Left edges of the backdrop's stripes.
_STRIPES = range(0, _FRAME, 56)

# Places in the artwork: below the eyes, and the ear lobes.
_FRECKLES = ((93, 131), (100, 135), (107, 131), (99, 128), (157, 131), (164, 135), (171, 131), (165, 128))
_EAR_LOBES = ((71, 131), (193, 131))


def render(face: Face, shot: Shot) -> bytes:
    """A picture of a face as a PNG with a palette, `SIZE` x `SIZE` pixels.

    The same arguments give the same bytes.
    """
    import resvg_py

    drawing = _drawing(face, shot)
    png = resvg_py.svg_to_bytes(svg_string=drawing, width=SIZE, height=SIZE, skip_system_fonts=True)
    return _with_palette(bytes(png), shot.blur)


def _with_palette(png: bytes, blur: float) -> bytes:
    from PIL import Image, ImageFilter

    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB").filter(ImageFilter.GaussianBlur(blur))
    small = picture.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    small.save(out, format="PNG", optimize=True)
    return out.getvalue()


def _drawing(face: Face, shot: Shot) -> str:
    # Rotated and scaled about the middle of the lower edge, so that the cut-off shoulders stay below the picture.
    place = (
        f"translate({shot.shift[0]} {shot.shift[1]}) translate({_FRAME / 2} {_FRAME}) "
        f"rotate({shot.tilt}) scale({shot.zoom}) translate({-_FRAME / 2} {-_FRAME})"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_FRAME} {_FRAME}">'
        f'{_backdrop(shot)}<g transform="{place}">{_avatar(face, shot)}'
        f'<g transform="translate(8 0)">{_marks(face)}</g></g></svg>'
    )


def _avatar(face: Face, shot: Shot) -> str:
    import python_avatars as art

    hair_colour = face.hair_colour or "#000000"
    brows = shot.brows + ("_NATURAL" if face.soft_brows else "")
    garment = shot.garment
    svg = art.Avatar(
        style=art.AvatarStyle.TRANSPARENT,
        background_color="none",
        top=art.HairType[face.hair],
        hat_color="none",
        eyebrows=art.EyebrowType[brows],
        eyes=art.EyeType[shot.eyes],
        nose=art.NoseType.DEFAULT,
        mouth=art.MouthType[shot.mouth],
        facial_hair=art.FacialHairType[face.beard or "NONE"],
        skin_color=face.skin,
        hair_color=hair_colour,
        facial_hair_color=hair_colour,
        accessory=art.AccessoryType[face.glasses or "NONE"],
        clothing=art.ClothingType[garment.part],
        clothing_color=garment.colour,
        shirt_graphic=art.ClothingGraphic[garment.graphic or "NONE"],
    ).render()
    if face.frame:
        svg = _GLASSES_FILL.sub(face.frame, svg)
    body = svg[svg.index("<svg") :]
    return body.replace("<svg ", '<svg x="8" y="0" ', 1)


def _marks(face: Face) -> str:
    """Freckles and earrings: drawn by us, because the artwork has none."""
    marks = ""
    if face.freckles:
        dots = "".join(f'<circle cx="{x}" cy="{y}" r="1.5"/>' for x, y in _FRECKLES)
        marks += f'<g fill="#5a2d14" fill-opacity="0.45">{dots}</g>'
    if face.earrings:
        rings = "".join(f'<circle cx="{x}" cy="{y}" r="4"/>' for x, y in _EAR_LOBES)
        marks += f'<g fill="{face.earrings}" stroke="#000000" stroke-opacity="0.25">{rings}</g>'
    return marks


def _backdrop(shot: Shot) -> str:
    main, second = shot.colours
    shapes = {
        "plain": "",
        "wall": f'<rect y="190" width="280" height="90" fill="{second}"/>',
        "stripes": "".join(f'<rect x="{x}" width="28" height="280" fill="{second}"/>' for x in _STRIPES),
        "disc": f'<circle cx="140" cy="140" r="118" fill="{second}"/>',
        "slope": f'<path d="M0 280 L280 40 L280 280 Z" fill="{second}"/>',
    }
    return f'<rect width="280" height="280" fill="{main}"/>{shapes[shot.backdrop]}'
