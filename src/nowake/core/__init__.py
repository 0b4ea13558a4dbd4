"""Values, units, clock, random streams, errors, configuration: what every other package speaks.

It imports nothing else of nowake. Prices are integer ticks, quantities integer shares or lots, times integer
nanoseconds UTC; nothing happens at import time.
"""
