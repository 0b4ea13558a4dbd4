"""Schedules in closed form, a file each: how much of a parent order should be done by when.

TWAP, VWAP (static and dynamic), POV, Almgren-Chriss (linear and power-law impact), Obizhaeva-Wang,
Alfonsi-Fruth-Schied, Cartea-Jaimungal, and the pre-trade cost of Almgren et al. 2005. Two faces: `Trajectory` values
for the analyst (floats, `command.compute`), and `Schedule` objects for the parent engine (cumulative whole quantities,
`protocol.py`). May import `core`, `book` and `data`, and needs numpy only; knows nothing of execution or of a market.
"""
