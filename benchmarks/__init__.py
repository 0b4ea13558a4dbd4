"""Speed against the bars of the project. A module per name; each has `run() -> Iterable[Row]`; see `runner`."""
