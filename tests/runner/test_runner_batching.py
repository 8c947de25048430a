from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_persona_runner.batching import BatchSize, Prefetch, batches, split_in_half


def test_a_fixed_size_stays():
    size = BatchSize.of(6, most=64)
    size.fitted(6, peak=0.1, resting=0.0)
    assert size.now == 6


@pytest.mark.parametrize("weights", [0.0, 0.6])
def test_an_automatic_size_doubles_while_memory_lasts(weights):
    """Weights are there once, however many items a batch has: of what they leave, the batch may fill the most."""
    size = BatchSize.of("auto", most=64)
    seen = []
    for _ in range(5):
        seen.append(size.now)
        # 32 items take 0.136: more than half of the 0.25 that is left beside weights of 0.6.
        size.fitted(size.now, peak=weights + 0.00425 * size.now, resting=weights)
    assert seen == [4, 8, 16, 32, 32 if weights else 64]


def test_a_batch_that_was_not_full_proves_nothing():
    size = BatchSize.of("auto", most=64)
    size.fitted(3, peak=0.1, resting=0.0)
    assert size.now == 4


@pytest.mark.parametrize(("siblings", "expected"), [(1, [1] * 6), (2, [2] * 3), (3, [3, 3]), (6, [4, 2])])
def test_without_a_gpu_an_automatic_size_groups_siblings_only(items, siblings, expected):
    """Padding costs more than a batch gains there."""
    asked = [replace(items[0], source_sample_id=f"sample_{place // siblings}") for place in range(6)]
    size = BatchSize.of("auto", most=4, siblings_only=True)
    found = [*batches(asked, lambda item: 1, size)]
    assert [len(batch) for batch in found] == expected
    assert all(len({item.source_sample_id for item in batch}) == 1 for batch in found)
    assert [len(batch) for batch in batches(asked, lambda item: 1, BatchSize.of(6, most=4, siblings_only=True))] == [6]


def test_an_automatic_size_has_a_bound():
    size = BatchSize.of("auto", most=6)
    for _ in range(4):
        size.fitted(size.now, peak=0.0, resting=0.0)
    assert size.now == 6


@pytest.mark.parametrize("asked", [16, "auto"])
def test_what_broke_is_halved_and_tried_again_after_a_window(asked):
    size = BatchSize.of(asked, most=16)
    size.now = 16
    size.failed(16)
    seen = []
    for _ in range(10):
        seen.append(size.now)
        size.fitted(size.now, peak=0.3, resting=0.2)
    assert seen == [8] * 9 + [16]


def test_what_broke_is_not_tried_again_where_it_would_not_fit():
    size = BatchSize.of(16, most=16)
    size.failed(16)
    for _ in range(50):
        size.fitted(8, peak=0.6, resting=0.2)
    assert size.now == 8


def ask(size, costs, room=32.0):
    """Answer items of some costs in a memory that holds `room`; gives how many items were in each batch that broke."""
    broken = []

    def answer(batch):
        if sum(batch) <= room:
            size.fitted(len(batch), peak=sum(batch) / room, resting=0.0)
            return
        size.failed(len(batch))
        broken.append(len(batch))
        if len(batch) > 1:
            for half in split_in_half(batch):
                answer(half)

    costs = list(costs)
    while costs:
        # As where the next batch is made while the present one is answered.
        n_items = size.now
        for _ in range(2):
            answer(costs[:n_items])
            costs = costs[n_items:]
            if not costs:
                break
    return broken


@pytest.mark.parametrize("place", range(64, 96, 5))
def test_one_item_that_fits_nowhere_costs_its_own_batch_alone(place):
    size = BatchSize.of("auto", most=64)
    costs = [1.0] * 300
    costs[place] = 99.0
    broken = ask(size, costs)
    assert size.now == 16
    assert broken == sorted(broken, reverse=True)
    assert broken.count(1) == 1
    assert len(broken) <= 6


def test_long_items_now_and_then_do_not_keep_others_waiting():
    size = BatchSize.of("auto", most=64)
    # Sorted by length within each window: four batches of long items, many of short ones.
    broken = ask(size, ([3.0] * 32 + [0.5] * 600) * 8)
    assert len(broken) <= 3 * 8
    assert size.now == 32


@pytest.mark.parametrize("asked", [0, -3, "many", 2.5])
def test_an_impossible_size_is_an_error(asked):
    with pytest.raises(ValueError, match="expected a batch size of at least 1, or auto, got"):
        BatchSize.of(asked, most=8)


@pytest.fixture(scope="module")
def item(make_item):
    return make_item(0)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 99), min_size=1, max_size=4), max_size=30), st.integers(1, 9))
def test_batches_hold_every_item_once_and_siblings_together(item, samples, n):
    items = [
        replace(item, augmented_id=f"{sample}_{place}", source_sample_id=str(sample), query_text="x" * length)
        for sample, lengths in enumerate(samples)
        for place, length in enumerate(lengths)
    ]
    made = list(batches(iter(items), lambda item: len(item.query_text), BatchSize.of(n, most=n)))
    assert sorted(item.augmented_id for batch in made for item in batch) == sorted(item.augmented_id for item in items)
    assert all(1 <= len(batch) <= n for batch in made)
    for sample in {item.source_sample_id for item in items}:
        holding = [batch for batch in made if any(item.source_sample_id == sample for item in batch)]
        n_siblings = len(samples[int(sample)])
        assert len(holding) == max(1, -(-n_siblings // n))


def test_items_of_like_length_stand_together(item):
    lengths = [5, 90, 7, 80, 6, 95, 8, 85]
    items = [
        replace(item, source_sample_id=str(place), query_text="x" * length) for place, length in enumerate(lengths)
    ]
    made = batches(items, lambda item: len(item.query_text), BatchSize.of(4, most=4))
    assert [[len(item.query_text) for item in batch] for batch in made] == [[95, 90, 85, 80], [8, 7, 6, 5]]


def test_no_more_is_drawn_than_a_window(item):
    drawn = []

    def endless():
        for number in range(10_000):
            drawn.append(number)
            yield replace(item, augmented_id=str(number), source_sample_id=str(number))

    next(batches(endless(), lambda item: 1, BatchSize.of(4, most=4)))
    assert len(drawn) <= 8 * 4 + 1


# ---- preparing ahead


def test_the_next_is_prepared_while_the_present_is_worked_on():
    prepared, main = [], threading.get_ident()

    def prepare(value):
        assert threading.get_ident() != main
        prepared.append(value)
        return 10 * value

    results = Prefetch(prepare).over(iter(range(4)))
    assert next(results) == 0
    deadline = time.monotonic() + 120
    while prepared != [0, 1] and time.monotonic() < deadline:
        time.sleep(0.001)
    assert prepared == [0, 1]
    assert list(results) == [10, 20, 30]


def test_an_error_in_the_thread_is_raised_in_its_place():
    def prepare(value):
        return 1 / value

    results = Prefetch(prepare).over(iter([1, 0, 2]))
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_a_consumer_that_stops_leaves_no_thread():
    before = threading.enumerate()
    results = Prefetch(lambda value: value).over(iter(range(100)))
    next(results)
    started = [one for one in set(threading.enumerate()).difference(before) if one.name.startswith("prepare")]
    assert started
    results.close()
    assert not any(thread.is_alive() for thread in started)
