"""Tests that start and end clusters of their own, beside one that runs."""
