"""Draw the facts of a person: a name and profile that fit together, in which no two facts share a content word."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from omni_persona_people.deck import Deck
from omni_persona_people.invent.overlap import Footprints
from omni_persona_people.invent.vocabulary import all_readings, word_lists

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
"""Fields of a person that may not share a content word (`appearance` combines hair and clothes and is exempt)."""

TALKS_OF_WORK = 0.3
"""Share of people whose topic comes from their work. With a larger share, a reader could guess who is heard."""
USUAL_AGE = 40
"""Age used for people whose age is not visible."""


class Facts:
    """Collects the facts of one person and tests whether another fact would reveal one of them."""

    def __init__(self, given: dict[str, str]) -> None:
        self.values: dict[str, str] = {}
        self._words = Footprints()
        for field, value in given.items():
            self.add(field, value)

    def add(self, field: str, value: str) -> None:
        """Add a fact for which `suits` is true."""
        self.values[field] = value
        self._words.add(value)

    def suits(self, value: str) -> bool:
        """Whether `value` shares no content word with the facts so far."""
        return not self._words.meets(value)

    def suits_after(self, start: str) -> Callable[[str], bool]:
        """A predicate for cards that suit and repeat no word of `start`, the earlier part of the same field."""
        own = Footprints(start)
        return lambda card: self.suits(card) and not own.meets(card)


class _World:
    """The word lists of one kind of work."""

    def __init__(self, lists: dict[str, list[str]], rng: np.random.Generator) -> None:
        self.majors = Deck(lists["majors"], rng)
        self.employers = Deck(lists["employers"], rng)
        self.places = Deck(lists["places"], rng)
        self.topics = Deck(lists["topics"], rng)


class Biographies:
    """Deals facts to one person after another; see `Deck` for when cards repeat."""

    def __init__(self, deck_rng: np.random.Generator, taken: Collection[str] = ()) -> None:
        """taken: names, topics and quotes of other people, which are not dealt."""
        names, places, worlds = (word_lists(name) for name in ("names", "places", "worlds"))
        past: dict[str, Any] = word_lists("pastimes")

        def deck(cards: Sequence[str]) -> Deck[str]:
            return Deck(cards, deck_rng)

        self._rng = deck_rng
        self._given = {gender: Deck(_by_home(names[gender]), deck_rng) for gender in ("female", "male")}
        self._family = Deck(_by_home(names["family"]), deck_rng)
        self._worlds = {world: _World(lists, deck_rng) for world, lists in worlds.items()}
        self._roles = Deck([(world, role) for world, lists in worlds.items() for role in lists["roles"]], deck_rng)
        # Used if nothing in a person's own world suits.
        self._anywhere = {
            field: deck([card for lists in worlds.values() for card in lists[field]])
            for field in ("majors", "places", "topics", "employers")
        }
        self._firms, self._towns = deck(places["firms"]), deck(places["towns"])
        self._place_circumstances = deck(places["place_circumstances"])
        self._topics, self._topic_circumstances = deck(past["topics"]), deck(past["topic_circumstances"])
        self._joined = {
            "hobby": (deck(past["hobbies"]), deck(past["hobby_circumstances"])),
            "interest": (deck(past["interest_angles"]), deck(past["interests"])),
            "food_preference": (deck(past["dishes"]), deck(past["sides"])),
        }
        self._quotes = deck(all_readings(word_lists("sentences")["quotes"]))
        self._routes = Deck([(route, kind) for kind, cards in past["routes"].items() for route in cards], deck_rng)
        self._means = {kind: deck(cards) for kind, cards in past["means"].items()}
        self._companions = deck(past["companions"])
        self._events = Deck(
            [(event["text"], event["from"], event.get("to", 120)) for event in past["events"]], deck_rng
        )
        self._event_circumstances = deck(past["event_circumstances"])
        self._moods = Deck([(mood, card) for mood, cards in past["emotions"].items() for card in cards], deck_rng)
        self._degrees = {mood: deck(cards) for mood, cards in past["degrees"].items()}
        self._styles = deck(past["styles"])
        self._types = deck([f"{a}{b}{c}{d}" for a in "EI" for b in "NS" for c in "FT" for d in "JP"])
        self._told: set[str] = set(taken)

    def biography(self, gender: str, looks: dict[str, str], age: int = USUAL_AGE) -> tuple[dict[str, str], str]:
        """Deal a name and profile fields that share no content word with each other or with `looks`.

        Args:
            gender: `female` or `male`, for the given name.
            looks: field -> value, the hair and the clothes.
            age: years, for plausible life events.

        Returns field -> value, including `looks`, and the mood (`glad`, `calm` or `low`). A name, quote or topic of
        another person is used only if the lists contain no new one.
        """
        facts = Facts(looks)
        facts.add("name", self._name(gender, facts))
        world, role = self._roles.draw(lambda card: facts.suits(card[1]))
        facts.add("role", role)
        facts.add("topic", self._topic(world, facts))
        facts.add("quote", self._tell(self._quotes.draw(facts.suits, lambda card: card not in self._told)))
        facts.add("affiliation", self._employer(world, facts))
        facts.add("environment", self._environment(world, facts))
        facts.add("major", self._of_world(world, "majors", facts))
        facts.add("travel_experience", self._travel(facts))
        for field in self._joined:
            facts.add(field, self._join(field, facts))
        facts.add("life_event", self._event(age, facts))
        mood, emotion = self._emotion(facts)
        facts.add("emotion", emotion)
        facts.add("location", self._towns.draw(facts.suits))
        facts.add("MBTI", self._types.draw(facts.suits))
        # Describes the memory, not the person, so it may repeat words of other fields.
        return {**facts.values, "source_style": self._styles.draw()}, mood

    def _name(self, gender: str, facts: Facts) -> str:
        home, given = self._given[gender].draw(lambda pair: facts.suits(pair[1]))
        # Combining names of two origins avoids names of well-known people, whose two names nearly always share an
        # origin.
        _, family = self._family.draw(
            lambda pair: pair[0] != home and facts.suits(pair[1]),
            lambda pair: f"{given} {pair[1]}" not in self._told,
        )
        return self._tell(f"{given} {family}")

    def _of_world(self, world: str, field: str, facts: Facts) -> str:
        own: Deck[str] = getattr(self._worlds[world], field)
        cards = own if any(map(facts.suits, own.cards)) else self._anywhere[field]
        return cards.draw(facts.suits)

    def _topic(self, world: str, facts: Facts) -> str:
        at_work = self._rng.random() < TALKS_OF_WORK
        head = self._of_world(world, "topics", facts) if at_work else self._topics.draw(facts.suits)
        tail = self._topic_circumstances.draw(facts.suits_after(head), lambda card: f"{head} {card}" not in self._told)
        return self._tell(f"{head} {tail}")

    def _employer(self, world: str, facts: Facts) -> str:
        kind = self._of_world(world, "employers", facts)
        return kind.format(self._firms.draw(facts.suits_after(kind)))

    def _environment(self, world: str, facts: Facts) -> str:
        head = self._of_world(world, "places", facts)
        return f"{head} {self._place_circumstances.draw(facts.suits_after(head))}"

    def _join(self, field: str, facts: Facts) -> str:
        heads, tails = self._joined[field]
        head = heads.draw(facts.suits)
        tail = tails.draw(facts.suits_after(head), lambda card: f"{head} {card}" not in self._told)
        return self._tell(f"{head} {tail}")

    def _travel(self, facts: Facts) -> str:
        route, kind = self._routes.draw(lambda pair: facts.suits(pair[0]))
        start = f"{route} {self._means[kind].draw(facts.suits_after(route))}"
        return f"{start} {self._companions.draw(facts.suits_after(start))}"

    def _event(self, age: int, facts: Facts) -> str:
        event, _, _ = self._events.draw(lambda card: card[1] <= age <= card[2] and facts.suits(card[0]))
        return f"{event} {self._event_circumstances.draw(facts.suits_after(event))}"

    def _emotion(self, facts: Facts) -> tuple[str, str]:
        mood, emotion = self._moods.draw(lambda card: facts.suits(card[1]))
        return mood, f"{self._degrees[mood].draw(facts.suits)} {emotion}"

    def _tell(self, text: str) -> str:
        self._told.add(text)
        return text


def _by_home(groups: dict[str, list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((home, name) for home, names in groups.items() for name in names)
