"""Calls whose arguments do not fit, answered with those that do.

    Adam(lr=0.1)            Adam has no option 'lr': did you mean learning_rate? Options: ...
    Dense()                 Dense needs units (Number of outputs.): layer = Dense(3, "relu")

Python's own TypeError is what starts it, so a call that fits pays nothing. Classes get it from the
metaclass `ExplainsArguments`, functions and methods from the decorator `explains_arguments`.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Parameters = dict[str, inspect.Parameter]

# names of one thing, here, in Keras's older versions and in other libraries; the ones in front
# are preferred
SYNONYM_TABLE = """
learning_rate initial_learning_rate lr alpha eta step_size
weight_decay decay l2 wd
beta_1 beta1 betas
beta_2 beta2 betas
epsilon eps
momentum beta nesterov_momentum
rho alpha decay
units filters output_dim intermediate_dim neurons hidden_size num_units n_units out_features
filters units nb_filter out_channels channels num_filters
kernel_size size kernel filter_size pool_size filter_length
pool_size kernel_size size window
strides stride subsample step
padding width pad border_mode pads
dilation_rate dilation
axis axes dim dims
keepdims keepdim keep_dims
input_shape input_dim shape in_features in_channels batch_input_shape batch_shape
input_dim num_words num_embeddings vocab_size vocabulary_size max_tokens
output_dim embedding_dim embedding_size
rate dropout p prob probability keep_prob drop_rate dropout_rate
epochs nb_epoch n_epochs nepochs num_epochs epoch max_epochs n_epoch
batch_size batchsize bs batch minibatch_size
verbose verbosity
validation_data val_data valid_data
validation_split val_split test_size
callbacks callback
loss criterion objective loss_fn
optimizer optim
metrics metric
class_weight class_weights
sample_weight sample_weights weights
x inputs input data images
y targets target labels label
activation act nonlinearity activation_fn
use_bias bias
kernel_initializer init initializer weight_init kernel_init
kernel_regularizer regularizer w_regularizer
num_heads heads n_heads nhead
key_dim head_dim embed_dim
from_logits logits
label_smoothing smoothing
seed random_state
maxlen max_len max_length length
num_classes n_classes classes nb_classes
monitor metric
initial_epoch start_epoch
steps_per_epoch samples_per_epoch steps
global_clipnorm max_norm grad_clip
negative_slope alpha slope
"""
SYNONYMS = [names.split() for names in SYNONYM_TABLE.splitlines()]

# what else to know when a synonym is not the same thing
NOTES = {
    "keep_prob": "the fraction to drop, 1 - keep_prob",
    "decay": "for a rate that falls, give a schedule as learning_rate",
}

# options of earlier versions of Keras that have no successor
GONE = {
    "workers": "leave it out, a Dataset prepares its batches in a thread of its own",
    "use_multiprocessing": "leave it out, a Dataset prepares its batches in a thread of its own",
    "max_queue_size": "leave it out; the `depth` of a Dataset is the number of batches ahead",
    "reset_metrics": "metrics begin afresh with each call",
    "reset_metric": "metrics begin afresh with each call",
    "sample_weight_mode": "leave it out, the shape of the weights says what they weigh",
    "target_tensors": "leave it out, targets go into fit",
    **dict.fromkeys(
        ("lora_rank", "lora_alpha"),
        "freeze the layer and train a Dense of few units beside it, Residual(...)",
    ),
    "quantization_config": "8-bit weights are beyond this library",
    "autocast": "leave it out; dtype= casts the inputs of a layer, without it they keep theirs",
    "renorm": "leave it out; for small batches there is GroupNormalization",
    "use_gate": "multiply by Dense(features, 'sigmoid') of the query",
    "ragged": "pad sequences, utils.pad_sequences, and mask them, Embedding(mask_zero=True)",
    "sparse": "arrays are dense here: x.toarray()",
    "input_tensor": "call the model on the tensor: y = model(x)",
}


# ---- the one mechanism ---------------------------------------------------------------------------


class ExplainsArguments(type):
    """Metaclass of classes that explain arguments which do not fit their constructor.

    `explained`, an attribute of the class, may name methods that do so too.

    Example:
        >>> class Line(metaclass=ExplainsArguments):
        ...     def __init__(self, slope, offset=0.0):
        ...         self.slope, self.offset = slope, offset
        >>> Line(2.0, ofset=1.0)
        Traceback (most recent call last):
            ...
        TypeError: Line has no option 'ofset': did you mean offset? Options: slope, offset
    """

    def __init__(cls, *class_statement: Any) -> None:
        super().__init__(*class_statement)
        for name in getattr(cls, "explained", "").split():
            if name in vars(cls):
                setattr(cls, name, explains_arguments(vars(cls)[name]))

    def __call__(cls: type[T], *args: Any, **options: Any) -> T:  # type: ignore[misc]
        try:
            return type.__call__(cls, *args, **options)
        except TypeError as cause:
            check_arguments(cls, args, options, cause)
            raise

    @property
    def __signature__(cls) -> inspect.Signature:
        """The signature of the constructor, for help() and completion."""
        constructor = next(iter(_constructors(cls)), None)
        if constructor is None:
            return inspect.Signature()
        _, *others = inspect.signature(constructor).parameters.values()
        return inspect.Signature(others)


def explains_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which explains arguments that do not fit it.

    Args:
        function: A function or a method.

    Example:
        >>> @explains_arguments
        ... def scale(x, factor=2):
        ...     return x * factor
        >>> scale(3, faktor=5)
        Traceback (most recent call last):
            ...
        TypeError: scale has no option 'faktor': did you mean factor? Options: x, factor
    """

    @wraps(function)
    def call(*args: P.args, **options: P.kwargs) -> R:
        try:
            return function(*args, **options)
        except TypeError as cause:
            check_arguments(function, args, options, cause)
            raise

    return call


def check_arguments(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    options: dict[str, Any],
    cause: BaseException | None = None,
    more: Iterable[str] = (),
) -> None:
    """Raise the TypeError that explains arguments which do not fit; if they fit, do nothing.

    Args:
        function: A function, a method or a class.
        args: Its arguments by position, `self` of a method among them.
        options: Its arguments by keyword.
        cause: What Python said; it knows of options that a subclass passed on to its base.
        more: Further options, which the caller takes.

    Raises:
        TypeError: If the call does not fit the signature.

    Example:
        >>> check_arguments(nearest, ("lr",), {"known": []})
    """
    name = function.__qualname__.removesuffix(".__init__").split(".")[-1].strip("_")
    accepted = parameters_of(function)
    fits = _binds(function, args, options)
    for option in options:
        refused = not fits or f"unexpected keyword argument {option!r}" in str(cause)
        if option not in accepted and refused:
            raise TypeError(
                _unknown_option(name, option, [*dict.fromkeys([*accepted, *more])])
            ) from None
    if not fits:
        own = args[1:] if _is_method(function) else args
        raise TypeError(_misfit(function, name, own, options, accepted)) from None


def improve_error(
    error: Exception, call: Callable[..., Any], inputs: tuple[Any, ...], options: dict[str, Any]
) -> None:
    """Let the error of a layer's call say which arguments fit, if those it was given do not.

    Args:
        error: What was raised; its text is replaced.
        call: The layer's `call`.
        inputs: Its arguments by position.
        options: Its arguments by keyword, apart from `training`, which the layer takes itself.
    """
    if isinstance(error, TypeError) and not hasattr(error, "layer_path"):
        try:
            check_arguments(call, inputs, options, error, more=("training",))
        except TypeError as better:
            error.args = better.args


def settings_by_name(
    function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """(arrays, settings) of a call of an op that gave settings by position, as Keras and NumPy do.

    Args:
        function: Arrays by position, settings by keyword.
        args: The arguments by position.
        options: The arguments by keyword.

    Returns:
        None if there are no settings among `args`, or they do not fit.

    Example:
        >>> settings_by_name(lambda x, *, axis=None, keepdims=False: x, ([1.0], 0), {})
        (([1.0],), {'axis': 0})
    """
    parameters = inspect.signature(function).parameters.values()
    arrays = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    settings = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY][: len(args) - len(arrays)]
    has_any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    is_missing_one = len(args) <= len(arrays) or len(args) > len(arrays) + len(settings)
    if has_any_number or is_missing_one or any(name in options for name in settings):
        return None
    return args[: len(arrays)], dict(zip(settings, args[len(arrays) :])) | options


# ---- messages ------------------------------------------------------------------------------------


def _unknown_option(name: str, option: str, known: list[str]) -> str:
    if not known:
        return f"{name} takes no arguments, got {option}="
    if option in GONE:
        return f"{name} has no option {option!r}: {GONE[option]}"
    near = nearest(option, known)
    note = f" ({NOTES[option]})" if option in NOTES else ""
    guess = f"did you mean {near}{note}? " if near else ""
    return f"{name} has no option {option!r}: {guess}Options: {', '.join(known)}"


def _misfit(
    function: Any, name: str, args: tuple[Any, ...], options: dict[str, Any], accepted: Parameters
) -> str:
    """What to say of known options: one given twice, some missing, or too many by position."""
    positional = [n for n, p in accepted.items() if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    given = {*positional[: len(args)], *options}
    missing = [n for n, p in accepted.items() if p.default is p.empty and n not in given]
    for n in positional[: len(args)]:
        if n in options:
            return f"{name} got {n} twice: by position and as {n}={options[n]!r}"
    if missing and len(args) <= len(positional):
        return _missing_arguments(function, name, missing, accepted)
    by_name = zip([n for n in accepted if n not in positional], args[len(positional) :])
    line = ", ".join([*positional, *(f"{n}={_brief(value)}" for n, value in by_name)])
    return (
        f"{name} got {len(args)} arguments by position, it takes {len(positional)}: {name}({line})"
    )


def _brief(value: Any) -> str:
    """The value as it is written, or dots if that is long."""
    text = repr(value)
    return text if len(text) < 20 else "..."


def _missing_arguments(function: Any, name: str, missing: list[str], known: Iterable[str]) -> str:
    text = function.__doc__ or ""  # not that of a base class
    meanings = " and ".join(_with_meaning(n, text) for n in missing)
    example = re.search(rf">>> (.*\b{re.escape(name)}\(.*)", text)
    line = example[1] if example else f"{name}({', '.join(f'{n}=...' for n in missing)})"
    return f"{name} needs {meanings}, as in: {line}  Options: {', '.join(known)}"


def _with_meaning(argument: str, text: str) -> str:
    """The argument, with what a docstring says of it."""
    found = re.search(rf"^\s+{argument}: (.*?)[.:;]?$", text, re.MULTILINE)
    return f"{argument} ({found[1]})" if found else argument


# ---- names ---------------------------------------------------------------------------------------


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant, or None.

    Args:
        name: What was written.
        known: The names that exist.

    Example:
        >>> nearest("activaton", ["units", "activation"]), nearest("lr", ["learning_rate"])
        ('activation', 'learning_rate')
    """
    spellings = unique_spellings(known)
    if folded(name) in spellings:
        return spellings[folded(name)]
    for synonyms in SYNONYMS:
        if name.lower() in synonyms:
            for synonym in synonyms:
                if folded(synonym) in spellings:
                    return spellings[folded(synonym)]
    words = set(name.lower().split("_"))
    holding = [n for n in spellings.values() if words <= set(n.lower().split("_"))]
    near = difflib.get_close_matches(folded(name), spellings, n=1)
    if holding and (len(words) > 1 or not near):
        return min(holding, key=len)
    return spellings[near[0]] if near else None


def unique_spellings(names: Iterable[str]) -> dict[str, str]:
    """The names by their folded form: of HeNormal and he_normal the first one.

    Args:
        names: Names that exist.

    Example:
        >>> unique_spellings(["he_normal", "HeNormal", "zeros"])
        {'henormal': 'he_normal', 'zeros': 'zeros'}
    """
    spellings: dict[str, str] = {}
    for name in names:
        spellings.setdefault(folded(name), name)
    return spellings


def folded(name: str) -> str:
    """The name without case, underscores, hyphens and spaces.

    Args:
        name: A name.

    Example:
        >>> folded("He_Normal")
        'henormal'
    """
    return re.sub(r"[\s_-]", "", name.lower())


# ---- signatures ----------------------------------------------------------------------------------


def parameters_of(function: Any) -> Parameters:
    """The named parameters; of a class also those to which a constructor's **options lead.

    Args:
        function: A function, a method or a class.

    Example:
        >>> list(parameters_of(nearest))
        ['name', 'known']
    """
    found: Parameters = {}
    for owner in _constructors(function) if isinstance(function, type) else [function]:
        parameters = inspect.signature(owner).parameters.values()
        named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        found |= {p.name: p for p in named if p.name not in (*found, "self")}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return found


def _constructors(cls: type) -> list[Any]:
    """The __init__ of a class and of its bases, without that of object."""
    return [vars(c)["__init__"] for c in cls.__mro__[:-1] if "__init__" in vars(c)]


def _is_method(function: Any) -> bool:
    """True for a function whose first argument is self."""
    return next(iter(inspect.signature(function).parameters), "") == "self"


def _binds(function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """True if the signature takes these arguments."""
    try:
        inspect.signature(function).bind(*args, **options)
    except TypeError:
        return False
    return True
