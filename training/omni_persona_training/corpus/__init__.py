"""Training corpora: examples of twelve task types, made from the items of a `train` dataset."""
