"""Draw from a list as from a shuffled deck of cards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

Card = TypeVar("Card")

# Unsuitable cards accumulate; once there are more than this many times the list, a deck deals independently at random.
_MOST_LEFT = 3


def _any(card: object) -> bool:
    return True


class Deck(Generic[Card]):
    """Deals the cards of a list in random order; no card is dealt again before all others have been dealt.

    Independent draws would give two of the first 24 people the same job more often than not; a deck deals every job
    once before any is repeated. A card that does not suit one person stays on top for the next.
    """

    def __init__(self, cards: Sequence[Card], rng: np.random.Generator) -> None:
        """cards: must not be empty. rng: shuffles them each time the deck runs out."""
        if not cards:
            raise ValueError("expected at least one card, got none")
        self.cards = tuple(cards)
        self._rng = rng
        self._left: list[Card] = []

    def draw(self, suits: Callable[[Card], bool] = _any, rather: Callable[[Card], bool] = _any) -> Card:
        """Deal the first remaining card for which `suits` is true; prefer one for which `rather` is true as well.

        Raises:
            RuntimeError: no card of the list suits.
        """
        for wish in (lambda card: suits(card) and rather(card), suits):
            for place, card in enumerate(self._left):
                if wish(card):
                    return self._left.pop(place)
            fitting = [card for card in self.cards if wish(card)]
            if fitting:
                return self._deal_anew(fitting)
        raise RuntimeError(f"none of {len(self.cards)} cards suits, the first is {self.cards[0]!r}")

    def _deal_anew(self, fitting: list[Card]) -> Card:
        """Shuffle all cards in below the remaining ones, and deal the first that is in `fitting`."""
        if len(self._left) > _MOST_LEFT * len(self.cards):
            return fitting[self._rng.integers(len(fitting))]
        fresh = [self.cards[i] for i in self._rng.permutation(len(self.cards))]
        card = fresh.pop(next(place for place, card in enumerate(fresh) if card in fitting))
        self._left += fresh
        return card
