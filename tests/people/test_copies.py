"""Drawn people who happen to look alike: their pictures are drawn anew, so that a pool of them can be read."""

from itertools import islice

import numpy as np
import pytest

from omni_persona_people.invent.copies import redrawn
from omni_persona_people.invent.looks import Shot
from omni_persona_people.invent.media import Job, write_picture
from omni_persona_people.invent.people import draw_people
from omni_persona_perception import decode_image, near_pictures, picture_print

pytestmark = pytest.mark.slow

ALIKE = (63, 611), (128, 354)
"""People of seed 0 who have pictures that are near copies of each other."""


@pytest.fixture(scope="module")
def drawn_people():
    return list(islice(draw_people(0, "drawn", "synthetic"), 612))


def jobs_of(folder, people):
    folder.mkdir()
    jobs = [Job(folder, f"p{place}", person) for place, person in enumerate(people)]
    for job in jobs:
        (folder / "media" / job.persona_id).mkdir(parents=True)
    return jobs, [[folder / write_picture(job, n, job.person.shots[n]) for n in range(4)] for job in jobs]


def contents(files):
    return [[file.read_bytes() for file in own] for own in files]


def copies(files):
    """Near copies among different people, as pairs of people."""
    prints = np.stack([picture_print(decode_image(file.read_bytes())) for own in files for file in own])
    pairs = near_pictures(prints, lambda one, other: one // 4 != other // 4)
    return {(one // 4, other // 4) for one, other in pairs}


@pytest.mark.parametrize("alike", ALIKE)
def test_of_two_pictures_that_are_much_alike_the_later_one_is_drawn_anew(drawn_people, tmp_path, alike):
    first, second = (drawn_people[index] for index in alike)
    jobs, files = jobs_of(tmp_path / "pool", [first, drawn_people[0], second])
    before = contents(files)
    assert copies(files) == {(0, 2)}
    anew = redrawn(jobs, files, 0)
    assert copies(files) == set()
    assert list(anew) == [2]
    after = contents(files)
    assert after[:2] == before[:2]
    changed = [number for number in range(4) if after[2][number] != before[2][number]]
    assert 1 <= len(changed) < 4
    for number in range(4):
        was, now = second.shots[number], anew[2][number]
        assert isinstance(now, Shot)
        assert now.garment == was.garment
        assert (now != was) == (number in changed)


def test_a_person_who_is_drawn_twice_is_told_apart_and_earlier_people_stay(drawn_people, tmp_path):
    people = [*drawn_people[:3], drawn_people[1], drawn_people[2]]
    jobs, files = jobs_of(tmp_path / "pool", people)
    assert copies(files) == {(1, 3), (2, 4)}
    assert sorted(redrawn(jobs, files, 7)) == [3, 4]
    assert copies(files) == set()
    fewer, of_fewer = jobs_of(tmp_path / "fewer", people[:4])
    assert sorted(redrawn(fewer, of_fewer, 7)) == [3]
    assert contents(of_fewer) == contents(files)[:4]
