"""A run once more: taken again from what it says of itself, or gone on with where it was interrupted."""
