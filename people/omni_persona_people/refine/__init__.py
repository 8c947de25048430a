"""Let a language model fill gaps in a pool and vary its wording: pool in, pool out, every generated text marked.

The builder stays offline and deterministic: what a model wrote lies in the refined pool as data, under rules that are
checked when it is written and again when it is read.
"""
