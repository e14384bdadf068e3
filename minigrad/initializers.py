"""How parameters start: Keras's initializers, drawn on the host so that every device starts from the same numbers.

    kernel = HeNormal()((784, 128))          get("he_normal") gives the same initializer by name

The fans of a shape are (in, out) for a Dense kernel and (K K in, K K out) for a convolution kernel (K, K, in, out).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .backend import Array
from .config import settings, to_device
from .random import generator
from .utils.registry import create, lookup, with_class_names

Seed = int | np.random.Generator | None


class Initializer:
    """initializer(shape, dtype=None) -> an array of the default dtype on the chosen device.

    A subclass gives `values(shape, dtype)`, an array on the host. An int `seed` gives the same numbers at every call, a
    NumPy generator its next ones; None draws from the generator that `minigrad.seed` fixes.
    """

    seed: Seed = None

    def __call__(self, shape: int | Sequence[int], dtype: Any = None) -> Array:
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        kind = np.dtype(dtype or settings.default_dtype)
        return to_device(np.asarray(self.values(shape, kind), kind), settings.device)

    def values(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """The initial values, on the host."""
        raise NotImplementedError(f"{type(self).__name__} does not define values(shape, dtype)")

    def generator(self) -> np.random.Generator:
        """Where this initializer draws from."""
        return generator() if self.seed is None else np.random.default_rng(self.seed)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in vars(self).items())})"


# ---- fixed values --------------------------------------------------------------------------------------------------


class Zeros(Initializer):
    """All 0."""

    def values(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        return np.zeros(shape, dtype)


class Ones(Initializer):
    """All 1."""

    def values(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        return np.ones(shape, dtype)


class Constant(Initializer):
    """All `value`, a number or an array that broadcasts to the shape."""

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def values(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        return np.full(shape, self.value, dtype)


class Identity(Initializer):
    """gain on the diagonal of a matrix, 0 elsewhere; raises ValueError for other than two axes."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def values(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        if len(shape) != 2:
            raise ValueError(f"Identity makes a matrix, not an array of shape {shape}")
        return self.gain * np.eye(*shape, dtype=dtype)


# ---- one spread for all shapes -------------------------------------------------------------------------------------


def _draws(dtype: np.dtype) -> Any:
    """The dtype to draw in: NumPy's generators know float32 and float64."""
    if dtype.kind != "f":
        raise TypeError(f"random initial values are floating numbers, not {dtype}")
    return np.float64 if dtype.itemsize > 4 else np.float32


def _uniform(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype, low: float, high: float
) -> np.ndarray:
    return np.asarray(rng.random(shape, _draws(dtype))) * (high - low) + low


def _normal(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype, mean: float, stddev: float
) -> np.ndarray:
    return np.asarray(rng.standard_normal(shape, _draws(dtype))) * stddev + mean


def _truncated(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype, mean: float, stddev: float
) -> np.ndarray:
    """Normal numbers, drawn again while they lie more than two standard deviations out."""
    x = np.asarray(rng.standard_normal(shape, _draws(dtype)))
    while (outside := np.abs(x) > 2).any():
        x[outside] = rng.standard_normal(np.count_nonzero(outside), x.dtype)
    return x * stddev + mean


class RandomUniform(Initializer):
    """Uniform between minval and maxval."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Seed = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def values(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        return _uniform(self.generator(), shape, dtype, self.minval, self.maxval)


class RandomNormal(Initializer):
    """Normal with this mean and standard deviation."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def values(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        return _normal(self.generator(), shape, dtype, self.mean, self.stddev)


class TruncatedNormal(RandomNormal):
    """Normal, but what falls more than two standard deviations from the mean is drawn again (so its own is 0.88 stddev)."""

    def values(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        return _truncated(self.generator(), shape, dtype, self.mean, self.stddev)


# ---- a spread that follows the fans --------------------------------------------------------------------------------


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan in, fan out): how many inputs reach one output, and outputs one input, through a kernel of this shape."""
    if len(shape) < 2:
        return (shape or (1,))[0], (shape or (1,))[0]
    window = math.prod(shape[:-2])  # the taps of a convolution
    return window * shape[-2], window * shape[-1]


class VarianceScaling(Initializer):
    """Mean 0 and variance scale / n, with n the fan in, the fan out or their mean ("fan_in", "fan_out", "fan_avg").

    `distribution` is "truncated_normal" (cut at two deviations, then widened to this variance), "untruncated_normal" or
    "uniform". All of Glorot, He and Lecun are cases of it.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Seed = None,
    ) -> None:
        if scale <= 0:
            raise ValueError(f"VarianceScaling: scale must be positive, not {scale}")
        self.scale, self.seed = scale, seed
        self.mode = lookup(
            mode,
            {name: name for name in ("fan_in", "fan_out", "fan_avg")},
            "mode of VarianceScaling",
        )
        known = {name: name for name in ("truncated_normal", "untruncated_normal", "uniform")}
        self.distribution = lookup(
            distribution, known | {"normal": "truncated_normal"}, "distribution of VarianceScaling"
        )

    def values(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, n))
        if self.distribution == "uniform":
            return _uniform(
                self.generator(), shape, dtype, -math.sqrt(3) * stddev, math.sqrt(3) * stddev
            )
        if self.distribution == "untruncated_normal":
            return _normal(self.generator(), shape, dtype, 0.0, stddev)
        return _truncated(self.generator(), shape, dtype, 0.0, stddev / CUT_DEVIATION)


# the standard deviation of a standard normal variable cut at +-2: 1 - 4 phi(2) / P(|x| < 2), phi the density
CUT_DEVIATION = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))


class GlorotUniform(VarianceScaling):
    """Uniform within +-sqrt(6 / (fan in + fan out)) (Glorot & Bengio, 2010)."""

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed)


class GlorotNormal(VarianceScaling):
    """Truncated normal of variance 2 / (fan in + fan out) (Glorot & Bengio, 2010)."""

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


class HeUniform(VarianceScaling):
    """Uniform within +-sqrt(6 / fan in), which keeps the size of signals through relu (He et al., arXiv:1502.01852)."""

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed)


class HeNormal(VarianceScaling):
    """Truncated normal of variance 2 / fan in, which keeps the size of signals through relu (He et al., arXiv:1502.01852)."""

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


class LecunUniform(VarianceScaling):
    """Uniform within +-sqrt(3 / fan in) (LeCun et al., Efficient BackProp, 1998)."""

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed)


class LecunNormal(VarianceScaling):
    """Truncated normal of variance 1 / fan in: what selu needs (Klambauer et al., arXiv:1706.02515)."""

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed)


class Orthogonal(Initializer):
    """gain times a matrix with orthonormal rows or columns, whichever are fewer (Saxe et al., arXiv:1312.6120).

    All axes but the last count as rows. Raises ValueError for fewer than two axes.
    """

    def __init__(self, gain: float = 1.0, seed: Seed = None) -> None:
        self.gain, self.seed = gain, seed

    def values(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal makes matrices and kernels, not an array of shape {shape}"
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        a = _normal(self.generator(), (max(rows, columns), min(rows, columns)), dtype, 0.0, 1.0)
        q, r = np.linalg.qr(a)
        q *= np.where(np.diagonal(r) < 0, -1, 1).astype(
            q.dtype
        )  # without this, signs would follow LAPACK's habits
        return self.gain * (q.T if rows < columns else q).reshape(shape)


# ---- names ---------------------------------------------------------------------------------------------------------

NAMES: dict[str, Callable[..., Initializer]] = with_class_names(
    {
        "zeros": Zeros,
        "ones": Ones,
        "constant": Constant,
        "identity": Identity,
        "random_uniform": RandomUniform,
        "random_normal": RandomNormal,
        "truncated_normal": TruncatedNormal,
        "variance_scaling": VarianceScaling,
        "glorot_uniform": GlorotUniform,
        "glorot_normal": GlorotNormal,
        "he_uniform": HeUniform,
        "he_normal": HeNormal,
        "lecun_uniform": LecunUniform,
        "lecun_normal": LecunNormal,
        "orthogonal": Orthogonal,
        "uniform": RandomUniform,
        "normal": RandomNormal,
        "zero": Zeros,
        "one": Ones,
    }
)


def get(initializer: Any) -> Callable[..., Array]:
    """An initializer by name ("he_normal", "HeNormal"), class or instance; a function (shape, dtype) -> array stays itself."""
    return create(initializer, NAMES, "initializer")
