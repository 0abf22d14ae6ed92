"""Holding a run against its checksums, its neighbours and the camera's numbers."""
