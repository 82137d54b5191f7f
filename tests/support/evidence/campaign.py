"""Verifies every mutation, and says how many were caught: python -m tests.support.evidence.campaign."""
