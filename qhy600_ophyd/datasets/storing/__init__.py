"""Writing a run: the sink, what it writes and in which order, and the room that it takes. Needs no xarray."""
