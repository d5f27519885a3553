"""The vocabulary: step definitions, one file a subject."""
