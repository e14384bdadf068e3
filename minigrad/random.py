"""Random Tensors under Keras's names, and the one generator that all of minigrad draws from.

    noise = random.normal((32, 100))                    # by minigrad.seed
    noise = random.normal((32, 100), seed=1)            # the same numbers at every call
    seeds = random.SeedGenerator(1)
    noise = random.normal((32, 100), seed=seeds)        # new ones at every call, fixed by the 1

They are drawn on the host, so that a CPU and a GPU start equal, and lie on the default device.
`seed` is also a generator of NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arguments import explains_arguments
from .backend import backend, to_cpu
from .config import settings
from .engine.tensor import Tensor
from .generators import generator, normal_like, rowwise, seed, uniform_like, use_generator
from .ops import take, where
from .utils.instead import explain_missing
from .utils.serialization import Configurable

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "generator",
    "normal",
    "normal_like",
    "randint",
    "seed",
    "shuffle",
    "truncated_normal",
    "uniform",
    "uniform_like",
    "use_generator",
]

__getattr__ = explain_missing("random", __all__)

Shape = int | Sequence[int]


class SeedGenerator(Configurable):
    """A generator of its own: each draw with `seed=` this object gives the next numbers.

    Args:
        seed: A whole number, which fixes the numbers; None for one that `minigrad.seed` fixes.
        name: Its name.

    Raises:
        ValueError: If the seed is no whole number from 0.

    Example:
        >>> seeds = SeedGenerator(5)
        >>> first, second = normal((2,), seed=seeds), normal((2,), seed=seeds)
        >>> bool((first == second).any())
        False
        >>> bool((normal((2,), seed=SeedGenerator(5)) == first).all())
        True
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        if seed is None:
            seed = int(generator().integers(2**31))
        self.seed = seed
        self.name = name or "seed_generator"
        self.generator = generator_of(seed)

    def next(self) -> int:
        """The next seed: a whole number."""
        return int(self.generator.integers(2**31))


@explains_arguments
def generator_of(seed: Any) -> np.random.Generator:
    """The generator of NumPy that a `seed=` stands for.

    Args:
        seed: None for the generator of `minigrad.seed`, a whole number, a SeedGenerator, or a
            generator of NumPy.

    Raises:
        ValueError: If it is none of these.

    Example:
        >>> generator_of(None) is generator()
        True
    """
    if seed is None:
        return generator()
    if isinstance(seed, SeedGenerator):
        return seed.generator
    if isinstance(seed, np.random.Generator):
        return seed
    is_whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    if not is_whole or seed < 0:
        raise ValueError(
            f"seed must be a whole number from 0, a SeedGenerator or None, got {seed!r}"
        )
    return np.random.default_rng(seed)


@explains_arguments
def normal(
    shape: Shape, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Normal numbers.

    Args:
        shape: Shape of the Tensor.
        mean: Their mean.
        stddev: Their standard deviation.
        dtype: A floating dtype; None for the default.
        seed: Where they come from (see the module).

    Example:
        >>> normal((2, 3), seed=0).shape
        (2, 3)
    """
    numbers = rowwise(generator_of(seed)).standard_normal(shape, _drawing_dtype(dtype))
    return _scaled(numbers, mean, stddev, dtype)


@explains_arguments
def uniform(
    shape: Shape, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Numbers in [minval, maxval), each part as likely as the others.

    Args:
        shape: Shape of the Tensor.
        minval: Their lower limit.
        maxval: Their upper limit.
        dtype: A floating dtype; None for the default.
        seed: Where they come from (see the module).

    Example:
        >>> bool((uniform((5,), 2, 3, seed=0) >= 2).all())
        True
    """
    numbers = rowwise(generator_of(seed)).random(shape, _drawing_dtype(dtype))
    return _scaled(numbers, minval, np.subtract(_host(maxval), _host(minval)), dtype)


@explains_arguments
def truncated_normal(
    shape: Shape, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Normal numbers; what is more than two standard deviations away is drawn again.

    Args:
        shape: Shape of the Tensor.
        mean: Mean of the normal law.
        stddev: Standard deviation of the normal law.
        dtype: A floating dtype; None for the default.
        seed: Where they come from (see the module).

    Example:
        >>> bool((abs(truncated_normal((100,), seed=0)) <= 2).all())
        True
    """
    rng, kind = generator_of(seed), _drawing_dtype(dtype)
    numbers = np.asarray(rng.standard_normal(shape, kind))
    while (far := abs(numbers) > 2).any():
        numbers[far] = rng.standard_normal(int(far.sum()), kind)
    return _scaled(numbers, mean, stddev, dtype)


@explains_arguments
def randint(
    shape: Shape, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None
) -> Tensor:
    """Whole numbers from minval to maxval - 1.

    Args:
        shape: Shape of the Tensor.
        minval: The smallest number.
        maxval: The first number that is too large.
        dtype: A dtype of whole numbers.
        seed: Where they come from (see the module).

    Raises:
        ValueError: If the dtype is no integer, or there is no number between the limits.

    Example:
        >>> sorted(set(randint((100,), 0, 3, seed=0).tolist()))
        [0, 1, 2]
    """
    if np.dtype(dtype).kind not in "iu":
        raise ValueError(f"randint draws integers, not {dtype}: write dtype='int32', or uniform")
    numbers = rowwise(generator_of(seed)).integers(_host(minval), _host(maxval), shape, np.int64)
    return Tensor(numbers, dtype=dtype, device=settings.device)


@explains_arguments
def binomial(
    shape: Shape, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Tensor:
    """How many of `counts` tries succeed, each with its probability.

    Args:
        shape: Shape of the Tensor.
        counts: Numbers of tries.
        probabilities: Chances of one try, in [0, 1].
        dtype: A floating dtype; None for the default.
        seed: Where they come from (see the module).

    Example:
        >>> binomial((3,), 5, 1.0).tolist()
        [5.0, 5.0, 5.0]
    """
    rng, n = rowwise(generator_of(seed)), np.asarray(_host(counts)).astype(np.int64)
    return _tensor(rng.binomial(n, _host(probabilities), shape), dtype)


@explains_arguments
def beta(shape: Shape, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers of the beta distribution, in [0, 1]: Mixup's shares.

    Args:
        shape: Shape of the Tensor.
        alpha: The first parameter, above 0.
        beta: The second one, above 0.
        dtype: A floating dtype; None for the default.
        seed: Where they come from (see the module).

    Example:
        >>> bool((beta((9,), 2.0, 3.0, seed=0) < 1).all())
        True
    """
    return _tensor(rowwise(generator_of(seed)).beta(_host(alpha), _host(beta), shape), dtype)


@explains_arguments
def gamma(shape: Shape, alpha: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers of the gamma distribution with scale 1.

    Args:
        shape: Shape of the Tensor.
        alpha: Its shape parameter, above 0; the mean.
        dtype: A floating dtype; None for the default.
        seed: Where they come from (see the module).

    Example:
        >>> bool((gamma((9,), 2.0, seed=0) > 0).all())
        True
    """
    return _tensor(rowwise(generator_of(seed)).gamma(_host(alpha), size=shape), dtype)


@explains_arguments
def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Classes drawn by their logits: a largest sum of logit and Gumbel noise.

    Args:
        logits: Logits of each row; those of softmax, so log(p) for probabilities p.
        num_samples: Number of classes drawn from each row.
        dtype: Dtype of the classes.
        seed: Where they come from (see the module).

    Shape:
        (N, classes) -> (N, num_samples)

    Raises:
        ValueError: If the logits are no matrix.

    Example:
        >>> categorical([[0.0, -1e9]], 3).tolist()
        [[0, 0, 0]]
    """
    scores = np.asarray(_host(logits), _drawing_dtype(None))
    if scores.ndim != 2:
        raise ValueError(
            f"categorical takes logits of shape (N, classes), got {scores.shape}: one row is "
            "logits[None]"
        )
    shape = (len(scores), num_samples, scores.shape[1])
    noise = rowwise(generator_of(seed)).gumbel(size=shape)
    drawn = (scores[:, None] + noise).argmax(-1)
    return Tensor(drawn, dtype=dtype, device=settings.device)


@explains_arguments
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """x with its rows in another order.

    Args:
        x: Tensor or array.
        axis: The axis along which the parts are moved.
        seed: Where the order comes from (see the module).

    Example:
        >>> sorted(shuffle(np.arange(4)).tolist())
        [0, 1, 2, 3]
    """
    x = x if isinstance(x, Tensor) else Tensor(x)
    order = generator_of(seed).permutation(x.shape[axis])
    return take(x, backend(x).asarray(order), axis=axis)


@explains_arguments
def dropout(
    inputs: Any, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Any = None
) -> Tensor:
    """inputs / (1 - rate), with each element replaced by 0 with probability `rate`.

    Args:
        inputs: Tensor or array.
        rate: Share of the elements that become 0, in [0, 1).
        noise_shape: Shape of the mask, which is broadcast; None in it for the input's size.
        seed: Where the mask comes from (see the module).

    Raises:
        ValueError: If the rate is outside of [0, 1).

    Example:
        >>> dropout(np.ones(4, "float32"), 0.0).tolist()
        [1.0, 1.0, 1.0, 1.0]
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate must be in [0, 1), got {rate!r}")
    x = inputs if isinstance(inputs, Tensor) else Tensor(inputs)
    shape = x.shape if noise_shape is None else noise_shape
    sizes = [n if size is None else size for n, size in zip(x.shape, shape, strict=True)]
    kept = rowwise(generator_of(seed)).random(sizes, np.float32) >= rate
    return where(backend(x).asarray(kept), x / (1 - rate), 0)


def _drawing_dtype(dtype: Any) -> Any:
    """The dtype to draw in: NumPy has no float16 numbers."""
    wanted = np.dtype(settings.default_dtype if dtype is None else dtype)
    if wanted.kind != "f":
        raise ValueError(f"real numbers have a floating dtype, not {dtype}: randint draws integers")
    return np.promote_types(wanted, np.float32).type


def _host(x: Any) -> Any:
    """A parameter of a distribution, where NumPy draws."""
    return to_cpu(getattr(x, "_array", x))


def _scaled(numbers: Any, low: Any, width: Any, dtype: Any) -> Tensor:
    """low + width * numbers."""
    return _tensor(_host(low) + _host(width) * numbers, dtype)


def _tensor(numbers: Any, dtype: Any) -> Tensor:
    """A Tensor of that floating dtype, on the default device."""
    _drawing_dtype(dtype)
    dtype = settings.default_dtype if dtype is None else dtype
    return Tensor(numbers, dtype=dtype, device=settings.device)
