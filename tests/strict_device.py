"""A strict device: NumPy behind the manners of CuPy, so that code which would fail on a GPU fails here too.

`strict` looks like the numpy module and computes with StrictArrays. As on CuPy (14.2, whose names and signatures the
lists below follow), an array of the host is refused wherever it meets one of the device; `strict.asarray` and `.get()` are
the only doors; reductions give 0-d arrays, not numbers; what CuPy lacks is missing. Where CuPy is silently undefined
(assignment to repeated indices) this raises; where it silently wraps (integers out of range) so does this.
"""

from __future__ import annotations

import inspect
import operator

import numpy as np
import scipy.special

from minigrad.backend import register_device

# numpy's public names that cupy 14.2 does not have, and those of its own that no array code should call
NAMES = """
asmatrix block bmat busday_count busday_offset busdaycalendar bytes_ char character clongdouble complex256 core ctypeslib
datetime64 datetime_as_string datetime_data dtypes einsum_path emath errstate exceptions f2py flexible float128 frompyfunc
fromregex geomspace get_include getbufsize geterr geterrcall histogram_bin_edges info insert is_busday isnat little_endian
longdouble ma matrix matvec memmap nanpercentile nanquantile ndenumerate nditer nested_iters object_ polyder polydiv
polyint random rec recarray record sctypeDict setbufsize seterr seterrcall show_runtime spacing str_ strings test testing
timedelta64 typecodes unstack vecdot vecmat void ScalarType
svdvals multi_dot matrix_norm vector_norm
"""
MISSING = set(NAMES.split())
MISSING_METHODS = {
    "ctypes",
    "data",
    "getfield",
    "resize",
    "setfield",
    "setflags",
    "to_device",
    "flat",
    "byteswap",
}
# keyword arguments that cupy's functions and methods of these names do not take
_REDUCED = ("sum", "prod", "max", "min", "amax", "amin", "nansum", "nanprod", "nanmax", "nanmin")
_MADE = (
    "zeros",
    "ones",
    "empty",
    "full",
    "eye",
    "asarray",
    "linspace",
    "arange",
    "zeros_like",
    "ones_like",
    "empty_like",
    "full_like",
)
NO_KEYWORDS = {
    **{name: ("initial", "where") for name in _REDUCED},
    **{name: ("device", "like") for name in _MADE},
    "all": ("where",),
    "any": ("where",),
    "mean": ("where",),
    "nanmean": ("where",),
    "std": ("where", "mean", "correction"),
    "var": ("where", "mean", "correction"),
    "sort": ("order", "stable"),
    "argsort": ("order", "stable"),
    "partition": ("kind", "order"),
    "argpartition": ("kind", "order"),
    "percentile": ("weights",),
    "quantile": ("weights",),
    "clip": ("min", "max"),
    "take": ("mode",),
    "count_nonzero": ("keepdims",),
    "broadcast_to": ("subok",),
    "isin": ("kind",),
}
# functions whose first argument may be a list
LISTS = """
array asarray asanyarray ascontiguousarray zeros ones empty full broadcast_shapes ndindex indices unravel_index tri eye
concatenate concat stack hstack vstack dstack column_stack lexsort result_type broadcast_arrays meshgrid select
linspace shape ndim size isscalar iterable finfo iinfo dtype ravel_multi_index ix_ einsum atleast_1d atleast_2d
"""
TAKES_LISTS = set(LISTS.split())
DOORS = {"array", "asarray", "asanyarray"}


class StrictArray:
    """A NumPy array that pretends to live elsewhere: see the module's docstring."""

    __slots__ = ("_host", "base", "__weakref__")
    __hash__ = None

    def __init__(self, host, base=None):
        self._host, self.base = host, base

    # ---- the doors ----
    def get(self):
        """A copy on the host."""
        return self._host.copy()

    def set(self, host):
        """Copy `host`, a NumPy array of this shape and dtype, into this array."""
        if host.dtype != self.dtype or host.shape != self.shape:
            raise ValueError("set: shape or dtype differs")
        self._host[...] = host

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`.")

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        function = getattr(strict, ufunc.__name__)
        return (function if method == "__call__" else getattr(function, method))(*inputs, **options)

    def item(self, *index):
        return self._host.item(*index)

    def tolist(self):
        return self._host.tolist()

    def tobytes(self, order="C"):
        return self._host.tobytes(order)

    # ---- what an array does ----
    def __getattr__(self, name):
        if name in MISSING_METHODS or name.startswith("__"):
            raise AttributeError(f"cupy.ndarray has no attribute {name!r}")
        value = getattr(self._host, name)
        return _computing(value, name, self) if callable(value) else _wrap(value, (self,))

    def __getitem__(self, index):
        return _wrap(self._host[_wrapped_index(index, self.shape)], (self,))

    def __setitem__(self, index, value):
        host, index, value = self._host, _wrapped_index(index, self.shape), _unwrap(value)
        host[index] = value
        if any(
            isinstance(i, np.ndarray) and i.dtype.kind in "iu"
            for i in (index if isinstance(index, tuple) else (index,))
        ):
            wanted = np.broadcast_to(value, host[index].shape).astype(self.dtype)
            if not np.array_equal(host[index], wanted, equal_nan=host.dtype.kind == "f"):
                raise RuntimeError(
                    "different values were assigned to one element: which of them stays is undefined on a GPU"
                )

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __len__(self):
        return len(self._host)

    def __bool__(self):
        return bool(self._host)

    def __int__(self):
        return int(self._host)

    def __float__(self):
        return float(self._host)

    def __complex__(self):
        return complex(self._host)

    def __format__(self, spec):
        return format(self._host, spec)

    def __repr__(self):
        return repr(self._host)

    def __str__(self):
        return str(self._host)

    def __copy__(self):
        return StrictArray(self._host.copy())

    def __deepcopy__(self, memo):
        return StrictArray(self._host.copy())

    def __reduce__(self):
        return StrictArray, (self._host,)


def _operator(compute, swapped=False):
    def method(self, other):
        if getattr(other, "__array_ufunc__", self) is None:
            return NotImplemented  # a Tensor: leave it the operator
        mine, other = self._host, _operand(other)
        with np.errstate(all="ignore"):
            return _wrap(compute(other, mine) if swapped else compute(mine, other), (self,))

    return method


def _unary(compute):
    return lambda self: _wrap(compute(self._host), (self,))


def _in_place(compute):
    def method(self, other):
        with np.errstate(all="ignore"):
            compute(self._host, _operand(other))
        return self

    return method


for _name in (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "lshift",
    "rshift",
    "and",
    "or",
    "xor",
    "matmul",
):
    _compute = getattr(operator, f"__{_name}__")
    setattr(StrictArray, f"__{_name}__", _operator(_compute))
    setattr(StrictArray, f"__r{_name}__", _operator(_compute, swapped=True))
    if _name != "matmul":
        setattr(StrictArray, f"__i{_name}__", _in_place(getattr(operator, "i" + _name)))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(StrictArray, f"__{_name}__", _operator(getattr(operator, _name)))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(StrictArray, f"__{_name}__", _unary(getattr(operator, _name)))


# ---- into NumPy and back -------------------------------------------------------------------------------------------


def _unwrap(x, door=False):
    """NumPy's view of an argument; an array of the host is refused unless the function is a door."""
    if isinstance(x, StrictArray):
        return x._host
    if isinstance(x, np.ndarray) and not door:
        raise TypeError(f"Unsupported type {np.ndarray}")
    if isinstance(x, (list, tuple)):
        return type(x)(_unwrap(item, door) for item in x) if type(x) in (list, tuple) else x
    if isinstance(x, dict):
        return {key: _unwrap(item, door) for key, item in x.items()}
    if x.__class__.__module__.startswith("minigrad"):
        raise TypeError(f"Unsupported type {type(x)}")
    return x


def _operand(x):
    """An operand for NumPy: CuPy's operators take arrays of the device and numbers, no lists."""
    if not isinstance(x, (StrictArray, np.generic, int, float, complex)):
        raise TypeError(f"Unsupported type {type(x)}")
    return _unwrap(x)


def _root(host):
    while host.base is not None and isinstance(host.base, np.ndarray):
        host = host.base
    return host


def _wrap(x, arguments):
    """A result of NumPy as a StrictArray; a view of an argument remembers whose memory it shows, as cupy's `base` does."""
    if isinstance(x, np.generic):
        return StrictArray(np.asarray(x))
    if isinstance(x, np.ndarray):
        for a in arguments:
            if isinstance(a, StrictArray):
                if x is a._host:
                    return a
                if _root(x) is _root(a._host):
                    return StrictArray(x, a if a.base is None else a.base)
        return StrictArray(x)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(_wrap(item, arguments) for item in x))
    if isinstance(x, (list, tuple)):
        return type(x)(_wrap(item, arguments) for item in x)
    return x


def _computing(function, name, owner=None):
    """`function` of NumPy, taking and giving StrictArrays."""
    door, refused = name in DOORS and owner is None, NO_KEYWORDS.get(name, ())

    def compute(*args, **options):
        for option in options:
            if option in refused and not (owner is not None and name == "clip"):
                raise TypeError(f"cupy.{name} takes no argument {option!r}")
        if name in ("sort", "argsort") and options.get("kind") not in (None, "stable"):
            raise ValueError(f"kind can only be None or 'stable', not {options['kind']!r}")
        if owner is None and name not in TAKES_LISTS and args and isinstance(args[0], list):
            raise TypeError(f"cupy.{name}: unsupported type {list}")
        values, settings = [_unwrap(a, door) for a in args], _unwrap(options, door)
        if name == "take":
            settings["mode"] = "wrap"  # out of range wraps around, without a word
        if name == "take_along_axis":
            values[1] = (
                values[1]
                % values[0].shape[settings.get("axis", values[2] if len(values) > 2 else -1)]
            )
        if door:
            settings.setdefault(
                "copy", True if name == "array" or not isinstance(args[0], StrictArray) else None
            )
        with np.errstate(all="ignore"):
            result = function(*values, **settings)
        return _wrap(result, (owner, *args, *options.values()))

    compute.__name__ = name
    return compute


def _wrapped_index(index, shape):
    """An index for NumPy, its integer arrays wrapped into range, as a GPU reads them."""
    parts, axis = [], 0
    whole = _unwrap(index if isinstance(index, tuple) else (index,))
    if not any(isinstance(i, (list, np.ndarray)) for i in whole):
        return _unwrap(index)
    whole = [np.asarray(i, None if i else int) if isinstance(i, list) else i for i in whole]
    spans = [
        0
        if i is None or i is ...
        else i.ndim
        if isinstance(i, np.ndarray) and i.dtype.kind == "b"
        else 1
        for i in whole
    ]
    for i, span in zip(whole, spans, strict=True):
        if isinstance(i, np.ndarray) and i.dtype.kind in "iu" and axis < len(shape) and shape[axis]:
            i = i % shape[axis]
        axis += len(shape) - sum(spans) if i is ... else span
        parts.append(i)
    return tuple(parts)


# ---- the module ----------------------------------------------------------------------------------------------------


class StrictUfunc:
    """A ufunc with as much of its methods as CuPy can be relied on to have: reduce and its kin for add and multiply."""

    def __init__(self, ufunc):
        self._ufunc, self.__name__ = ufunc, ufunc.__name__
        self.nin, self.nout = ufunc.nin, ufunc.nout
        self._call = _computing(ufunc, ufunc.__name__)

    def __call__(self, *args, **options):
        return self._call(*args, **options)

    def _method(self, name):
        if self.__name__ not in ("add", "multiply"):
            raise NotImplementedError(
                f"`{self.__name__}.{name}` is only there for add and multiply"
            )
        return _computing(getattr(self._ufunc, name), f"{self.__name__}.{name}")

    reduce = property(lambda self: self._method("reduce"))
    accumulate = property(lambda self: self._method("accumulate"))
    outer = property(lambda self: self._method("outer"))

    def at(self, *_):
        raise NotImplementedError(f"`{self.__name__}.at` cannot be relied on: use scatter_add")


class StrictModule:
    """The functions of a NumPy module, over StrictArrays."""

    def __init__(self, name, module, **own):
        self.__name__, self._module = name, module
        self.__dict__.update(own)

    def __getattr__(self, name):
        if name.startswith("_") or name in MISSING or not hasattr(self._module, name):
            raise AttributeError(f"module 'cupy' has no attribute {name!r}")
        value = getattr(self._module, name)
        if isinstance(value, np.ufunc):
            value = StrictUfunc(value)
        elif callable(value) and not isinstance(value, type):
            value = _computing(value, name)
        elif inspect.ismodule(value):
            value = StrictModule(f"strict.{name}", value)
        setattr(self, name, value)
        return value


def scatter_add(target, index, values):
    """target[index] += values, where repeated indices add up: cupyx.scatter_add."""
    np.add.at(_unwrap(target), _wrapped_index(index, target.shape), _unwrap(values))


def asnumpy(x):
    """A NumPy array of `x`: the explicit door out, as a function."""
    return x.get() if isinstance(x, StrictArray) else np.asarray(x)


strict = StrictModule(
    "strict",
    np,
    ndarray=StrictArray,
    scatter_add=scatter_add,
    asnumpy=asnumpy,
    special=StrictModule("strict.special", scipy.special),
)
register_device("strict", strict, StrictArray)
