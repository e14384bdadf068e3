"""A strict device: NumPy with CuPy's rules, so that code which would fail on a GPU fails here too.

`strict_device` looks like the numpy module and computes with StrictArrays. As on CuPy (14.2, whose
names and signatures the lists below follow), host arrays are refused among device arrays;
`strict_device.asarray` and `.get()` are the only transfers; reductions return 0-d arrays, not
numbers; what CuPy lacks is missing. Where CuPy is silently undefined (assignment to repeated
indices) this raises; where it silently wraps (integers out of range) so does this.
"""

from __future__ import annotations

import inspect
import operator

import numpy as np
import scipy.special

from minigrad.backend import register_device

# numpy's public names that cupy 14.2 lacks, and those of its own that no array code should call
NAMES = """
asmatrix block bmat busday_count busday_offset busdaycalendar bytes_ char character clongdouble
complex256 core ctypeslib datetime64 datetime_as_string datetime_data dtypes einsum_path emath
errstate exceptions f2py flexible float128 frompyfunc fromregex geomspace get_include getbufsize
geterr geterrcall histogram_bin_edges info insert is_busday isnat little_endian longdouble ma matrix
matvec memmap nanpercentile nanquantile ndenumerate nditer nested_iters object_ polyder polydiv
polyint random rec recarray record sctypeDict setbufsize seterr seterrcall show_runtime spacing str_
strings test testing timedelta64 typecodes unstack vecdot vecmat void ScalarType svdvals multi_dot
matrix_norm vector_norm
"""
MISSING = set(NAMES.split())
METHODS = "ctypes getfield resize setfield setflags to_device flat byteswap"
MISSING_METHODS = set(METHODS.split())
# keyword arguments that cupy's functions and methods of these names do not take
_REDUCTIONS = "sum prod max min amax amin nansum nanprod nanmax nanmin"
_CREATION = "zeros ones empty full eye asarray linspace arange"
_CREATION += " zeros_like ones_like empty_like full_like"
NO_KEYWORDS = {
    **{name: ("initial", "where") for name in _REDUCTIONS.split()},
    **{name: ("device", "like") for name in _CREATION.split()},
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
array asarray asanyarray ascontiguousarray zeros ones empty full broadcast_shapes ndindex indices
unravel_index tri eye concatenate concat stack hstack vstack dstack column_stack lexsort result_type
broadcast_arrays meshgrid select linspace shape ndim size isscalar iterable finfo iinfo dtype
ravel_multi_index ix_ einsum atleast_1d atleast_2d
"""
TAKES_LISTS = set(LISTS.split())
HOST_TRANSFERS = {"array", "asarray", "asanyarray"}


class MemoryPointer:
    """What `data` of CuPy's arrays is: an address on the device, of which nothing can be read."""


class StrictArray:
    """A NumPy array that pretends to live elsewhere: see the module's docstring."""

    __slots__ = ("_host", "base", "__weakref__")
    __hash__ = None

    def __init__(self, host, base=None):
        self._host, self.base = host, base

    # ---- transfers to and from the host ----
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
        function = getattr(strict_device, ufunc.__name__)
        if method != "__call__":
            function = getattr(function, method)
        return function(*inputs, **options)

    @property
    def data(self):
        return MemoryPointer()

    def item(self, *index):
        return self._host.item(*index)

    def tolist(self):
        return self._host.tolist()

    def tobytes(self, order="C"):
        return self._host.tobytes(order)

    # ---- computing ----
    def __getattr__(self, name):
        if name in MISSING_METHODS or name.startswith("__"):
            raise AttributeError(f"cupy.ndarray has no attribute {name!r}")
        value = getattr(self._host, name)
        return _computing(value, name, self) if callable(value) else _wrap(value, (self,))

    def __getitem__(self, index):
        return _wrap(self._host[_wrapped_index(index, self.shape)], (self,))

    def __setitem__(self, index, value):
        host = self._host
        index = _wrapped_index(index, self.shape)
        value = _unwrap(value)
        host[index] = value
        parts = index if isinstance(index, tuple) else (index,)
        if any(_is_integer_array(i) for i in parts):
            assigned = np.broadcast_to(value, host[index].shape).astype(self.dtype)
            if not np.array_equal(host[index], assigned, equal_nan=host.dtype.kind == "f"):
                raise RuntimeError(
                    "different values were assigned to one element: which of them stays is "
                    "undefined on a GPU"
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
        operands = [self._host, _operand(other)]
        if swapped:
            operands.reverse()
        with np.errstate(all="ignore"):
            return _wrap(compute(*operands), (self,))

    return method


def _unary(compute):
    return lambda self: _wrap(compute(self._host), (self,))


def _in_place(compute):
    def method(self, other):
        with np.errstate(all="ignore"):
            compute(self._host, _operand(other))
        return self

    return method


_BINARY = "add sub mul truediv floordiv mod pow lshift rshift and or xor matmul"
for _name in _BINARY.split():
    _compute = getattr(operator, f"__{_name}__")
    setattr(StrictArray, f"__{_name}__", _operator(_compute))
    setattr(StrictArray, f"__r{_name}__", _operator(_compute, swapped=True))
    if _name != "matmul":
        setattr(StrictArray, f"__i{_name}__", _in_place(getattr(operator, "i" + _name)))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(StrictArray, f"__{_name}__", _operator(getattr(operator, _name)))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(StrictArray, f"__{_name}__", _unary(getattr(operator, _name)))


# ---- into NumPy and back -------------------------------------------------------------------------


def _unwrap(x, transfers=False):
    """NumPy's view of an argument; host arrays are refused unless the function transfers them."""
    if isinstance(x, StrictArray):
        return x._host
    if isinstance(x, np.ndarray) and not transfers:
        raise TypeError(f"Unsupported type {np.ndarray}")
    if isinstance(x, (list, tuple)):
        if type(x) not in (list, tuple):
            return x
        return type(x)(_unwrap(item, transfers) for item in x)
    if isinstance(x, dict):
        return {key: _unwrap(item, transfers) for key, item in x.items()}
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


def _is_integer_array(i):
    return isinstance(i, np.ndarray) and i.dtype.kind in "iu"


def _wrap(x, arguments):
    """A result of NumPy as a StrictArray; a view of an argument has it as `base`, as in CuPy."""
    if isinstance(x, np.generic):
        return StrictArray(np.asarray(x))
    if isinstance(x, np.ndarray):
        return _wrap_array(x, arguments)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(_wrap(item, arguments) for item in x))
    if isinstance(x, (list, tuple)):
        return type(x)(_wrap(item, arguments) for item in x)
    return x


def _wrap_array(x, arguments):
    for a in arguments:
        if not isinstance(a, StrictArray):
            continue
        if x is a._host:
            return a
        if _root(x) is _root(a._host):
            return StrictArray(x, a if a.base is None else a.base)
    return StrictArray(x)


def _computing(function, name, owner=None):
    """`function` of NumPy, or method of `owner`, for StrictArrays."""
    transfers = name in HOST_TRANSFERS and owner is None

    def compute(*args, **options):
        _refuse(name, owner, args, options)
        values = [_unwrap(a, transfers) for a in args]
        settings = _unwrap(options, transfers)
        if name == "take":
            settings["mode"] = "wrap"  # CuPy wraps indices out of range
        if name == "take_along_axis":
            axis = settings.get("axis", values[2] if len(values) > 2 else -1)
            values[1] = values[1] % values[0].shape[axis]
        if transfers:
            copies = name == "array" or not isinstance(args[0], StrictArray)
            settings.setdefault("copy", True if copies else None)
        with np.errstate(all="ignore"):
            result = function(*values, **settings)
        return _wrap(result, (owner, *args, *options.values()))

    compute.__name__ = name
    return compute


def _refuse(name, owner, args, options):
    """Raise for arguments that CuPy's function or method does not take."""
    refused = NO_KEYWORDS.get(name, ())
    if owner is not None and name == "clip":
        refused = ()
    for option in options:
        if option in refused:
            raise TypeError(f"cupy.{name} takes no argument {option!r}")
    if name in ("argmax", "argmin"):
        array, *axes = args if owner is None else (owner, *args)
        if array.ndim == 0 and (axes or [options.get("axis")])[0] is not None:
            raise np.exceptions.AxisError(f"cupy.{name}: a number has no axis")
    if name == "solve" and args[0].shape[:-2] != args[1].shape[:-2]:
        raise ValueError("a must have (..., M, M) shape and b must have (..., M, K)")
    if name in ("sort", "argsort") and options.get("kind") not in (None, "stable"):
        raise ValueError(f"kind can only be None or 'stable', not {options['kind']!r}")
    if owner is None and name not in TAKES_LISTS and args and isinstance(args[0], list):
        raise TypeError(f"cupy.{name}: unsupported type {list}")


def _wrapped_index(index, shape):
    """An index for NumPy, its integer arrays wrapped into range, as a GPU reads them."""
    given = _unwrap(index if isinstance(index, tuple) else (index,))
    if not any(isinstance(i, (list, np.ndarray)) for i in given):
        return _unwrap(index)
    given = [np.asarray(i, None if i else int) if isinstance(i, list) else i for i in given]
    covered = [_axes_covered(i) for i in given]
    parts, axis = [], 0
    for i, n in zip(given, covered, strict=True):
        if _is_integer_array(i) and axis < len(shape) and shape[axis]:
            i = i % shape[axis]
        axis += len(shape) - sum(covered) if i is ... else n
        parts.append(i)
    return tuple(parts)


def _axes_covered(i):
    """How many axes one part of an index stands for, not counting what `...` fills."""
    if i is None or i is ...:
        return 0
    if isinstance(i, np.ndarray) and i.dtype.kind == "b":
        return i.ndim
    return 1


# ---- the module ----------------------------------------------------------------------------------


class StrictUfunc:
    """A ufunc with the methods that CuPy is sure to have: those of add and multiply, no `at`."""

    def __init__(self, ufunc):
        self._ufunc = ufunc
        self.__name__ = ufunc.__name__
        self.nin = ufunc.nin
        self.nout = ufunc.nout
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
        raise NotImplementedError(f"`{self.__name__}.at` gives other bits in each run of a GPU")


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
            value = StrictModule(f"strict_device.{name}", value)
        setattr(self, name, value)
        return value


def asnumpy(x):
    """A NumPy array of `x`: the explicit transfer to the host, as a function."""
    return x.get() if isinstance(x, StrictArray) else np.asarray(x)


strict_device = StrictModule(
    "strict_device",
    np,
    ndarray=StrictArray,
    asnumpy=asnumpy,
    special=StrictModule("strict_device.special", scipy.special),
)
register_device("strict", strict_device, StrictArray)
