"""Streaming features of one instrument: one record of state, one vector for training and live, fitted tables.

`vector` declares the vector, `stream` updates the state from a book or a board and writes rows, `microprice` and `ofi`
fit what the vector uses, `join` and `news` bring slower tables in by the time they were known. The package may import
`nowake.core`, `nowake.book` and `nowake.data`. Importing it loads nothing.
"""
