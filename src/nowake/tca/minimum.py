"""How much data a verdict needs; below it the word is 'too few' and nothing else."""

from dataclasses import dataclass

from nowake.core.errors import InputError

__all__ = ["TOO_FEW", "Minimum"]

TOO_FEW = "too few"


@dataclass(frozen=True, slots=True)
class Minimum:
    """Least rows (orders, or orders at a venue) and independent clusters, and the false-discovery rate `alpha`."""

    rows: int = 20
    clusters: int = 10
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if self.rows < 2 or self.clusters < 2 or not 0 < self.alpha < 0.5:
            raise InputError(
                "minimum sample", expected="rows and clusters from 2, alpha in (0, 0.5)",
                got=f"{self.rows}, {self.clusters}, {self.alpha}",
            )  # fmt: skip
