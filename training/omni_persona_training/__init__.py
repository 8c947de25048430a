"""Post-training: corpora, supervised fine-tuning and reinforcement learning on Omni-Persona."""
