"""Draws the facts of a person: name and profile, no two of them sharing a word that carries meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from omni_persona_people.invent import names, words
from omni_persona_people.invent.deck import Deck
from omni_persona_people.invent.overlap import Footprints

APART = (
    "name",
    "role",
    "affiliation",
    "major",
    "hobby",
    "interest",
    "topic",
    "quote",
    "location",
    "environment",
    "emotion",
    "clothing",
    "hairstyle",
    "MBTI",
    "food_preference",
    "travel_experience",
    "life_event",
)
"""Fields of which no two of one person share a content word (`appearance` is hair and clothes again)."""


class Facts:
    """Collects the facts of one person and tells which further ones would give another away."""

    def __init__(self, given: dict[str, str]) -> None:
        self.values: dict[str, str] = {}
        self._words = Footprints()
        for field, value in given.items():
            self.add(field, value)

    def add(self, field: str, value: str) -> None:
        """Takes a fact that `suits`."""
        self.values[field] = value
        self._words.add(value)

    def suits(self, value: str) -> bool:
        """Whether `value` shares no content word with the facts so far."""
        return not self._words.meets(value)

    def suits_after(self, start: str) -> Callable[[str], bool]:
        """True for a card that suits and repeats no word of `start`, the part of its own field before it."""
        own = Footprints(start)
        return lambda card: self.suits(card) and not own.meets(card)


class Biographies:
    """Deals facts to people one after another; see `Deck` for how the lists last."""

    def __init__(self, deck_rng: np.random.Generator) -> None:
        def deck(cards: Sequence[str]) -> Deck[str]:
            return Deck(cards, deck_rng)

        self._given = {gender: Deck(pairs, deck_rng) for gender, pairs in names.GIVEN_NAMES.items()}
        self._family = Deck(names.FAMILY_NAMES, deck_rng)
        self._plain = {
            "location": deck(words.LOCATIONS),
            "role": deck(words.ROLES),
            "major": deck(words.MAJORS),
            "MBTI": deck(words.MBTI_TYPES),
        }
        self._joined = {
            "topic": (deck(words.TOPICS), deck(words.TOPIC_TAILS)),
            "environment": (deck(words.ENVIRONMENTS), deck(words.ENVIRONMENT_TAILS)),
            "life_event": (deck(words.LIFE_EVENTS), deck(words.LIFE_EVENT_TAILS)),
            "hobby": (deck(words.HOBBIES), deck(words.HOBBY_TAILS)),
            "interest": (deck(words.INTEREST_ANGLES), deck(words.INTEREST_SUBJECTS)),
            "food_preference": (deck(words.DISHES), deck(words.DISH_TAILS)),
        }
        self._affiliation = (deck(words.AFFILIATION_NAMES), deck(words.AFFILIATION_KINDS))
        emotions = words.GLAD_EMOTIONS + words.LOW_EMOTIONS
        self._emotions = (deck(emotions), deck(emotions))
        routes = {"land": words.LAND_ROUTES, "river": words.RIVER_ROUTES, "sea": words.SEA_ROUTES}
        self._routes = Deck([(route, kind) for kind, cards in routes.items() for route in cards], deck_rng)
        self._means = {
            "land": deck(words.LAND_MEANS),
            "river": deck(words.RIVER_MEANS),
            "sea": deck(words.SEA_MEANS),
        }
        self._travel_tails = deck(words.TRAVEL_TAILS)
        self._openers, self._adjectives = deck(words.QUOTE_OPENERS), deck(words.QUOTE_ADJECTIVES)
        self._nouns, self._endings = deck(words.QUOTE_NOUNS), deck(words.QUOTE_ENDINGS)
        self._styles = deck(words.SOURCE_STYLES)
        self._told: set[str] = set()

    def biography(self, gender: str, looks: dict[str, str]) -> dict[str, str]:
        """Deals name and profile fields that share no content word with each other or with `looks`.

        Args:
            gender: `female` or `male`, for the given name.
            looks: field -> value, the hair and the clothes.

        Returns field -> value, `looks` included. A name, quote or topic that another person has is dealt only
        where the lists hold no new one: names and quotes last for more than ten thousand people, topics for
        six thousand.
        """
        facts = Facts(looks)
        facts.add("name", self._name(gender, facts))
        facts.add("topic", self._join("topic", facts))
        facts.add("quote", self._quote(facts))
        facts.add("travel_experience", self._travel(facts))
        for field in self._joined:
            if field != "topic":
                facts.add(field, self._join(field, facts))
        facts.add("emotion", self._emotion(facts))
        facts.add("affiliation", self._employer(facts))
        for field, cards in self._plain.items():
            facts.add(field, cards.draw(facts.suits))
        # Describes the memory, not the person, so that it may say what other fields say.
        return {**facts.values, "source_style": self._styles.draw()}

    def _name(self, gender: str, facts: Facts) -> str:
        home, given = self._given[gender].draw(lambda pair: facts.suits(pair[1]))
        _, family = self._family.draw(
            lambda pair: pair[0] != home and facts.suits(pair[1]),
            lambda pair: f"{given} {pair[1]}" not in self._told,
        )
        return self._tell(f"{given} {family}")

    def _join(self, field: str, facts: Facts) -> str:
        heads, tails = self._joined[field]
        head = heads.draw(facts.suits)
        tail = tails.draw(facts.suits_after(head), lambda card: f"{head} {card}" not in self._told)
        return self._tell(f"{head} {tail}")

    def _quote(self, facts: Facts) -> str:
        opener, noun = self._openers.draw(facts.suits), self._nouns.draw(facts.suits)
        adjective = self._adjectives.draw(facts.suits_after(noun))
        subject = f"{'an' if adjective[0] in 'aeiou' else 'a'} {adjective} {noun}"
        start = opener.format(a=subject, A=subject.capitalize())
        suits = facts.suits_after(start)
        ending = self._endings.draw(suits, lambda card: f"{start} {card}." not in self._told)
        return self._tell(f"{start} {ending}.")

    def _travel(self, facts: Facts) -> str:
        route, kind = self._routes.draw(lambda pair: facts.suits(pair[0]))
        start = f"{route} {self._means[kind].draw(facts.suits_after(route))}"
        return f"{start} {self._travel_tails.draw(facts.suits_after(start))}"

    def _emotion(self, facts: Facts) -> str:
        firsts, seconds = self._emotions
        first = firsts.draw(facts.suits)
        second = seconds.draw(facts.suits_after(first))
        alike = (first in words.GLAD_EMOTIONS) == (second in words.GLAD_EMOTIONS)
        return f"{first} {'and' if alike else 'but'} {second}"

    def _employer(self, facts: Facts) -> str:
        firsts, kinds = self._affiliation
        name = firsts.draw(facts.suits)
        kind = kinds.draw(facts.suits_after(name))
        return f"the {name} {kind.removeprefix('the ')}" if kind.startswith("the ") else f"{name} {kind}"

    def _tell(self, text: str) -> str:
        self._told.add(text)
        return text
