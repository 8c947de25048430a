"""Rewards for RLVR: pure functions, safeguards against degenerate text, and a simulation (`simulate`)."""
