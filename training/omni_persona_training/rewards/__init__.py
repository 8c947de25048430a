"""Rewards for RLVR: pure functions, the safeguards around them, and what each of them leads to (`simulate`)."""
