"""Rules for the texts of a pool, shared by its reader and by refining."""
