"""The limit order book: one numpy record, feed operations, a match engine, queries, and a readable reference twin.

It may import `nowake.core` only. Prices are integer ticks (half ticks where a name ends in 2), quantities integer
shares, sides +1 buy and -1 sell. Importing this package itself loads nothing; its modules load Numba.
"""
