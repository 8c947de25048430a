"""The report of one or more runs: one HTML file to see, hear and compare, and tables and figures for a paper."""

from omni_persona_report.write import Report, write_report

__all__ = ["Report", "write_report"]
