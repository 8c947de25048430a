"""The improving half: corpora, supervised fine-tuning and reinforcement learning with verifiable rewards."""
