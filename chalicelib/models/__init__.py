"""The vocabulary: one word for one thing, as every other file uses it."""
