"""Persona pools: their schema and rules, invented people, and refining by a language model."""
