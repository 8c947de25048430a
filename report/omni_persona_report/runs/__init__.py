"""What a report is about: runs, their datasets, outcomes and measures, and what they are compared with."""
