"""Initial values of parameters: Keras's initializers.

    kernel = HeNormal()((784, 128))          # get("he_normal") is the same initializer

They are drawn on the host, so that every device starts from the same numbers. The fans of a shape
are (in, out) for a Dense kernel and (K K in, K K out) for a convolution kernel (K, K, in, out).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arguments import explains_arguments
from .backend import Array, Shape
from .config import Scope, settings, to_device
from .random import SeedGenerator, generator_of
from .utils.instead import explain_missing
from .utils.registry import check_choice, create, format_call, lookup, with_class_names
from .utils.serialization import Configurable, deserialize, serialize

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

__getattr__ = explain_missing("initializers", __all__)

Seed = int | np.random.Generator | SeedGenerator | None


class Initializer(Configurable):
    """initializer(shape, dtype=None): an array of initial values on the default device.

    A subclass defines `values`. An int as `seed` gives the same numbers at every call, a NumPy
    generator its next ones; None draws from the generator that minigrad.seed starts.

    Example:
        >>> class Half(Initializer):
        ...     def values(self, shape, dtype):
        ...         return np.full(shape, 0.5, dtype)
        >>> Half()((2,))
        array([0.5, 0.5], dtype=float32)
    """

    seed: Seed = None

    def __call__(self, shape: int | Sequence[int], dtype: Any = None) -> Array:
        """An array of initial values.

        Args:
            shape: Shape of the array.
            dtype: Its dtype; None for the default one.
        """
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        kind = np.dtype(dtype or settings.default_dtype)
        if settings.awaited is not None:
            _count_awaited(sizes, settings.awaited)
            return to_device(np.ones(sizes, kind), settings.device)
        return to_device(np.asarray(self.values(sizes, kind), kind), settings.device)

    def values(self, shape: Shape, dtype: np.dtype) -> np.ndarray:
        """The initial values, on the host.

        Args:
            shape: Shape of the array.
            dtype: Its dtype.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define values(shape, dtype)")

    def generator(self) -> np.random.Generator:
        """The generator that this initializer draws from."""
        return generator_of(self.seed)

    def __repr__(self) -> str:
        return format_call(self)


class awaiting_weights(Scope):
    """`with awaiting_weights(n):` initializers make ones: a file holds the values, n of them."""

    def __init__(self, count: int) -> None:
        super().__init__(awaited=[count])


def _count_awaited(shape: Shape, awaited: list[int]) -> None:
    """Raise ValueError if a file does not hold so many weights, before memory is asked for."""
    awaited[0] -= math.prod(shape)
    if awaited[0] < 0 or any(n < 0 for n in shape):
        raise ValueError(f"a weight of shape {shape} is more than the file holds")


# ---- fixed values --------------------------------------------------------------------------------


class Zeros(Initializer):
    """All 0.

    Example:
        >>> Zeros()((2,))
        array([0., 0.], dtype=float32)
    """

    def values(self, shape: Shape, dtype: np.dtype) -> np.ndarray:
        return np.zeros(shape, dtype)


class Ones(Initializer):
    """All 1.

    Example:
        >>> Ones()((2,))
        array([1., 1.], dtype=float32)
    """

    def values(self, shape: Shape, dtype: np.dtype) -> np.ndarray:
        return np.ones(shape, dtype)


class Constant(Initializer):
    """One value everywhere.

    Args:
        value: A number, or an array that broadcasts to the shape.

    Example:
        >>> Constant(3)((2,))
        array([3., 3.], dtype=float32)
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def values(self, shape: Shape, dtype: np.dtype) -> np.ndarray:
        return np.full(shape, self.value, dtype)


class Identity(Initializer):
    """A multiple of the identity matrix.

    Args:
        gain: The value on the diagonal.

    Raises:
        ValueError: If the shape does not have two axes (when called).

    Example:
        >>> Identity()((2, 2)).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def values(self, shape: Shape, dtype: np.dtype) -> np.ndarray:
        if len(shape) != 2:
            raise ValueError(f"Identity makes a matrix, not an array of shape {shape}")
        return self.gain * np.eye(*shape, dtype=dtype)


# ---- one distribution for all shapes -------------------------------------------------------------


def _dtype_to_draw(dtype: np.dtype) -> Any:
    """float32 or float64, which NumPy's generators can draw."""
    if dtype.kind != "f":
        raise TypeError(f"random initial values are floating numbers, not {dtype}")
    return np.float64 if dtype.itemsize > 4 else np.float32


def _uniform(
    rng: np.random.Generator, shape: Shape, dtype: np.dtype, low: float, high: float
) -> np.ndarray:
    """Uniform in low..high."""
    x = np.asarray(rng.random(shape, _dtype_to_draw(dtype)))
    return x * (high - low) + low


def _normal(
    rng: np.random.Generator, shape: Shape, dtype: np.dtype, mean: float, stddev: float
) -> np.ndarray:
    """Normal."""
    x = np.asarray(rng.standard_normal(shape, _dtype_to_draw(dtype)))
    return x * stddev + mean


def _truncated_normal(
    rng: np.random.Generator, shape: Shape, dtype: np.dtype, mean: float, stddev: float
) -> np.ndarray:
    """Normal; numbers more than two standard deviations from the mean are drawn again."""
    x = np.asarray(rng.standard_normal(shape, _dtype_to_draw(dtype)))
    while (outside := np.abs(x) > 2).any():
        x[outside] = rng.standard_normal(np.count_nonzero(outside), x.dtype)
    return x * stddev + mean


class RandomUniform(Initializer):
    """Uniform between two values.

    Args:
        minval: The lowest value.
        maxval: The highest value.
        seed: Seed of its own, or a NumPy generator; None to draw from minigrad.seed's generator.

    Example:
        >>> bool((abs(RandomUniform()((100,))) <= 0.05).all())
        True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Seed = None) -> None:
        self.minval = minval
        self.maxval = maxval
        self.seed = seed

    def values(self, shape: Shape, dtype: np.dtype) -> np.ndarray:
        return _uniform(self.generator(), shape, dtype, self.minval, self.maxval)


class RandomNormal(Initializer):
    """Normal.

    Args:
        mean: The mean.
        stddev: The standard deviation.
        seed: Seed of its own, or a NumPy generator; None to draw from minigrad.seed's generator.

    Example:
        >>> RandomNormal()((784, 128)).shape
        (784, 128)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def values(self, shape: Shape, dtype: np.dtype) -> np.ndarray:
        return _normal(self.generator(), shape, dtype, self.mean, self.stddev)


class TruncatedNormal(RandomNormal):
    """Normal; values more than two standard deviations from the mean are drawn again.

    The standard deviation of the result is 0.88 stddev.

    Args:
        mean: The mean.
        stddev: The standard deviation before the cut.
        seed: Seed of its own, or a NumPy generator; None to draw from minigrad.seed's generator.

    Example:
        >>> bool((abs(TruncatedNormal()((100,))) <= 0.1).all())
        True
    """

    def values(self, shape: Shape, dtype: np.dtype) -> np.ndarray:
        return _truncated_normal(self.generator(), shape, dtype, self.mean, self.stddev)


# ---- distributions that depend on the fans -------------------------------------------------------

MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = {
    "truncated_normal": "truncated_normal",
    "untruncated_normal": "untruncated_normal",
    "uniform": "uniform",
    "normal": "truncated_normal",
}
# the standard deviation of a standard normal variable cut at +-2:
# 1 - 4 phi(2) / P(|x| < 2), with the density phi
TRUNCATED_STDDEV = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))


def fans(shape: Shape) -> tuple[int, int]:
    """(fan in, fan out): the number of inputs per output and of outputs per input.

    Args:
        shape: Shape of a kernel.

    Example:
        >>> fans((3, 3, 16, 32))
        (144, 288)
    """
    if len(shape) < 2:
        n = shape[0] if shape else 1
        return n, n
    kernel_size = math.prod(shape[:-2])
    return kernel_size * shape[-2], kernel_size * shape[-1]


class VarianceScaling(Initializer):
    """Mean 0 and variance scale / n, with n one of the fans; Glorot, He and Lecun are cases of it.

    Args:
        scale: Scale of the variance.
        mode: "fan_in", "fan_out" or "fan_avg", their mean.
        distribution: "truncated_normal" (cut at two standard deviations, with this variance after
            the cut; "normal" is the same), "untruncated_normal" or "uniform".
        seed: Seed of its own, or a NumPy generator; None to draw from minigrad.seed's generator.

    Raises:
        ValueError: If scale is not positive, or mode or distribution is unknown.

    Example:
        >>> kernel = VarianceScaling(2.0, "fan_in", "uniform")((600, 10))
        >>> bool((abs(kernel) <= 0.1).all())
        True
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
        check_choice(mode, MODES, "mode of VarianceScaling")
        what = "distribution of VarianceScaling"
        self.scale = scale
        self.mode = mode
        self.distribution = lookup(distribution, DISTRIBUTIONS, what)
        self.seed = seed

    def values(self, shape: Shape, dtype: np.dtype) -> np.ndarray:
        rng = self.generator()
        stddev = self.stddev(shape)
        if self.distribution == "uniform":
            limit = math.sqrt(3) * stddev
            return _uniform(rng, shape, dtype, -limit, limit)
        if self.distribution == "untruncated_normal":
            return _normal(rng, shape, dtype, 0.0, stddev)
        return _truncated_normal(rng, shape, dtype, 0.0, stddev / TRUNCATED_STDDEV)

    def stddev(self, shape: Shape) -> float:
        """The standard deviation for a shape.

        Args:
            shape: Shape of a kernel.
        """
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        return math.sqrt(self.scale / max(1.0, n))


class GlorotUniform(VarianceScaling):
    """Uniform within +-sqrt(6 / (fan in + fan out)).

    Args:
        seed: Seed of its own, or a NumPy generator; None to draw from minigrad.seed's generator.

    References:
        Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward networks.

    Example:
        >>> GlorotUniform()((784, 128)).shape
        (784, 128)
    """

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed)


class GlorotNormal(VarianceScaling):
    """Truncated normal of variance 2 / (fan in + fan out).

    Args:
        seed: Seed of its own, or a NumPy generator; None to draw from minigrad.seed's generator.

    References:
        Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward networks.

    Example:
        >>> GlorotNormal()((784, 128)).shape
        (784, 128)
    """

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


class HeUniform(VarianceScaling):
    """Uniform within +-sqrt(6 / fan in).

    The size of signals stays the same through relu.

    Args:
        seed: Seed of its own, or a NumPy generator; None to draw from minigrad.seed's generator.

    References:
        He et al. 2015, arXiv:1502.01852.

    Example:
        >>> HeUniform()((784, 128)).shape
        (784, 128)
    """

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed)


class HeNormal(VarianceScaling):
    """Truncated normal of variance 2 / fan in.

    The size of signals stays the same through relu.

    Args:
        seed: Seed of its own, or a NumPy generator; None to draw from minigrad.seed's generator.

    References:
        He et al. 2015, arXiv:1502.01852.

    Example:
        >>> HeNormal()((784, 128)).shape
        (784, 128)
    """

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


class LecunUniform(VarianceScaling):
    """Uniform within +-sqrt(3 / fan in).

    Args:
        seed: Seed of its own, or a NumPy generator; None to draw from minigrad.seed's generator.

    References:
        LeCun, Bottou, Orr & Müller 1998, Efficient BackProp.

    Example:
        >>> LecunUniform()((784, 128)).shape
        (784, 128)
    """

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed)


class LecunNormal(VarianceScaling):
    """Truncated normal of variance 1 / fan in, which selu requires.

    Args:
        seed: Seed of its own, or a NumPy generator; None to draw from minigrad.seed's generator.

    References:
        Klambauer et al. 2017, arXiv:1706.02515.

    Example:
        >>> LecunNormal()((784, 128)).shape
        (784, 128)
    """

    def __init__(self, seed: Seed = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed)


class Orthogonal(Initializer):
    """A multiple of a matrix with orthonormal rows or columns, whichever are fewer.

    All axes but the last count as rows.

    Args:
        gain: The factor.
        seed: Seed of its own, or a NumPy generator; None to draw from minigrad.seed's generator.

    Raises:
        ValueError: If the shape has fewer than two axes (when called).

    References:
        Saxe, McClelland & Ganguli 2013, arXiv:1312.6120.

    Example:
        >>> kernel = Orthogonal()((5, 3))
        >>> bool(np.allclose(kernel.T @ kernel, np.eye(3), atol=1e-6))
        True
    """

    def __init__(self, gain: float = 1.0, seed: Seed = None) -> None:
        self.gain = gain
        self.seed = seed

    def values(self, shape: Shape, dtype: np.dtype) -> np.ndarray:
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal makes matrices and kernels, not an array of shape {shape}"
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall_shape = max(rows, columns), min(rows, columns)
        q, r = np.linalg.qr(_normal(self.generator(), tall_shape, dtype, 0.0, 1.0))
        # without this, the signs would depend on LAPACK
        q *= np.where(np.diagonal(r) < 0, -1, 1).astype(q.dtype)
        return self.gain * (q.T if rows < columns else q).reshape(shape)


# ---- names ---------------------------------------------------------------------------------------

# their other names in Keras
zeros = Zeros
ones = Ones
constant = Constant
identity = IdentityInitializer = Identity
random_uniform = RandomUniform
random_normal = RandomNormal
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform = GlorotUniform
glorot_normal = GlorotNormal
he_uniform = HeUniform
he_normal = HeNormal
lecun_uniform = LecunUniform
lecun_normal = LecunNormal
orthogonal = OrthogonalInitializer = Orthogonal

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


@explains_arguments
def get(initializer: Any) -> Callable[..., Array]:
    """The initializer that `initializer` stands for.

    Args:
        initializer: A name ("he_normal", "HeNormal"), a class, an Initializer, or a function
            (shape, dtype) that returns an array.

    Raises:
        ValueError: If the name is unknown; the nearest one is suggested.
        TypeError: If it is none of these.

    Example:
        >>> get("he_normal")
        HeNormal(scale=2.0, mode='fan_in', distribution='truncated_normal', seed=None)
    """
    return create(initializer, NAMES, "initializer")
