"""nowake works a large parent order so that it leaves no wake in the market.

The packages form layers; each imports only those before it: core, book, data, schedule, execution, market, tca, cli.
"""

__version__ = "0.1.0"
