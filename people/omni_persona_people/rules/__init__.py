"""Rules for the texts of a pool, shared by the pool reader and refining."""
