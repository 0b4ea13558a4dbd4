"""Fitting a preset to recorded level-3 days by simulated minimum distance; may import what `market` may import.

`data` reads the days, `targets` measures them, `direct` sets what follows from them without a search, `space` names
the free parameters, `objective` simulates and compares, `search` minimises (CMA-ES, resumable), `judge` measures the
result on streams that the search has not seen, `write` puts it into a TOML file, `fit` does all of it in order.
"""
