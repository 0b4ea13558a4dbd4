"""Draws inside kernels agree with their twins in plain Python, and have the laws they claim."""

import numpy as np

from nowake.core.draws import Draws, next_below, next_exponential, next_uniform
from nowake.core.jit import kernel

STATE = np.dtype([("stream", "u8", (2,))], align=True)


@kernel
def draw_all(states: np.ndarray, uniforms: np.ndarray, integers: np.ndarray, exponentials: np.ndarray) -> None:
    b = states[0]
    for i in range(uniforms.size):
        uniforms[i] = next_uniform(b, 0)
        integers[i] = next_below(b, 0, 40)
        exponentials[i] = next_exponential(b, 1)


def drawn(n: int, key: int = 2**63 + 12345) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    states = np.zeros(1, STATE)
    states["stream"][0] = [key, key + 1]
    out = np.zeros(n), np.zeros(n, np.int64), np.zeros(n)
    draw_all(states, *out)
    return out


def test_kernel_and_twin_draw_the_same() -> None:
    uniforms, integers, exponentials = drawn(500)
    first, second = Draws(2**63 + 12345), Draws(2**63 + 12346)
    expected = [(first.uniform(), first.below(40), second.exponential()) for _ in range(500)]
    assert list(zip(uniforms.tolist(), integers.tolist(), exponentials.tolist(), strict=True)) == expected


def test_splitmix64_gives_the_published_first_value() -> None:
    # The generator's published test vector: seed 1234567 -> 6457827717110365317.
    assert Draws(1234567).uniform() == (6457827717110365317 >> 11) * 2.0**-53


def test_laws_of_the_draws() -> None:
    uniforms, integers, exponentials = drawn(200_000)
    assert abs(uniforms.mean() - 0.5) < 0.003
    assert np.bincount(integers, minlength=40).min() > 4700
    assert integers.min() == 0
    assert integers.max() == 39
    assert abs(exponentials.mean() - 1) < 0.01
    assert abs(exponentials.var() - 1) < 0.03
    assert abs((exponentials > 2).mean() - np.exp(-2)) < 0.003
