"""A plan before it is run: gone through without the camera, and refused where it cannot fit."""
