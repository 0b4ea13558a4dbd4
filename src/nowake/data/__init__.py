"""Market data: readers of every format, quality checks, verification, store, volume curves, replay.

It may import `nowake.core` and `nowake.book`. Every reader yields chunks of the one normalised EVENT record; the
quality check stands between a reader and whatever consumes the events, and accounts for each row.
"""
