"""Fine-tuning and reinforcement learning of a checkpoint, on TRL and PEFT."""
