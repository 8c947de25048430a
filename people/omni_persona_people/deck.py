"""Drawing from a list as from a shuffled deck of cards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

Card = TypeVar("Card")

# Cards that nobody takes pile up; past this many times the list, a deck deals by chance instead.
_MOST_LEFT = 3


def _any(card: object) -> bool:
    return True


class Deck(Generic[Card]):
    """Deals the cards of a list in a random order, and a card again only when all others are used up.

    Independent draws would give two of the first 24 people the same job more often than not; a deck gives
    none twice before each has been dealt. A card that does not suit one person stays on top for the next.
    """

    def __init__(self, cards: Sequence[Card], rng: np.random.Generator) -> None:
        """`cards` must not be empty; `rng` shuffles them, anew each time the deck runs out."""
        if not cards:
            raise ValueError("expected at least one card, got none")
        self.cards = tuple(cards)
        self._rng = rng
        self._left: list[Card] = []

    def draw(self, suits: Callable[[Card], bool] = _any, rather: Callable[[Card], bool] = _any) -> Card:
        """Deals the first card left for which `suits` is true, and `rather`, too, if the list has such a
        card.

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
        """Shuffles all cards in below those left, and deals the first that is one of `fitting`."""
        if len(self._left) > _MOST_LEFT * len(self.cards):
            return fitting[self._rng.integers(len(fitting))]
        fresh = [self.cards[i] for i in self._rng.permutation(len(self.cards))]
        card = fresh.pop(next(place for place, card in enumerate(fresh) if card in fitting))
        self._left += fresh
        return card
