"""Container images and node programs: a catalog, where they come from, how they are built and cached."""
