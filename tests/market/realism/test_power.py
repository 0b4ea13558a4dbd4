"""Weights of noisy rows in the fit of a law."""

import numpy as np
import pytest

from nowake.market.realism.power import fit_power, precision


def test_a_row_of_nothing_but_zeros_is_not_known_exactly() -> None:
    mean, error = np.array([0.0, 1.0, 4.0]), np.array([0.0, 0.1, 0.2])
    weights = precision(mean, error)
    assert weights[0] == pytest.approx(1 / 0.1**2)
    assert weights[1] == pytest.approx(1 / (0.1**2 + 0.05**2))


def test_an_exact_row_counts_with_the_error_of_the_law() -> None:
    assert precision(np.array([2.0]), np.array([0.0])).tolist() == [pytest.approx(100.0)]


def test_zeros_do_not_spoil_the_exponent() -> None:
    x = np.array([1e-4, 0.01, 0.04, 0.16])
    y = np.array([0.0, 0.1, 0.2, 0.4])
    error = np.array([0.0, 0.02, 0.02, 0.02])
    (exponent,) = fit_power(x, y[None, :], precision(y, error), np.zeros(4))
    assert 0.4 < exponent < 0.7
