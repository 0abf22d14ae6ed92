"""Acquisition and characterization with the QHY600 camera."""
