"""Persona pool -> Persona Modality Graph -> items -> dataset folder."""
