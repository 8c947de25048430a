"""Let a language model fill gaps in a pool and vary its wording: pool in, pool out, every generated text marked.

The builder remains offline and deterministic: generated texts are stored in the refined pool as data, and their rules
are checked both when they are written and when they are read.
"""
