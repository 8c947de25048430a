"""Decks deal every value about equally often."""

import numpy as np
import pytest

from omni_persona_people.deck import Deck

# --- decks ---


def test_a_deck_deals_every_card_before_one_comes_again():
    deck = Deck("abcde", np.random.default_rng(0))
    assert sorted(deck.draw() for _ in range(5)) == list("abcde")
    assert sorted(deck.draw() for _ in range(5)) == list("abcde")


def test_a_deck_keeps_what_did_not_suit_for_the_next():
    deck = Deck([1, 2, 3, 4], np.random.default_rng(0))
    even = [deck.draw(lambda card: card % 2 == 0) for _ in range(2)]
    assert sorted(even) == [2, 4]
    assert sorted(deck.draw() for _ in range(2)) == [1, 3]


def test_a_deck_prefers_but_does_not_insist():
    deck = Deck([1, 2, 3], np.random.default_rng(0))
    assert deck.draw(rather=lambda card: card == 3) == 3
    assert deck.draw(lambda card: card < 3, rather=lambda card: card > 5) in (1, 2)


def test_a_deck_deals_on_when_one_card_is_always_asked_for():
    deck = Deck([1, 2, 3], np.random.default_rng(0))
    assert {deck.draw(lambda card: card == 2) for _ in range(50)} == {2}


def test_a_deck_without_a_suiting_card_says_so():
    with pytest.raises(RuntimeError, match="none of 2 cards suits"):
        Deck([1, 2], np.random.default_rng(0)).draw(lambda card: card > 2)
    with pytest.raises(ValueError, match="at least one card"):
        Deck([], np.random.default_rng(0))
