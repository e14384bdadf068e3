"""Estimators of scikit-learn: models inside its pipelines, searches and cross-validation.

`MinigradClassifier` and `MinigradRegressor` train a small multilayer perceptron, a compiled Model,
or whatever a function builds, and pass scikit-learn's own checks for estimators. scikit-learn is
imported with this module, not with minigrad.

    import minigrad
    from minigrad.layers import Dense, Dropout
    from minigrad.sklearn import MinigradClassifier

    def build(input_shape, n_outputs, output_activation, units=64, dropout=0.2):
        return minigrad.Sequential(
            Dense(units, "relu", input_shape=input_shape),
            Dropout(dropout),
            Dense(n_outputs, output_activation),
        )

    classifier = MinigradClassifier(build, learning_rate=1e-3, early_stopping=True)

A builder is called with those of the following that it has as arguments, by their names, and with
`model_kwargs`; it returns a model, compiled or not.

    input_shape         shape of one row, (features,) or (height, width, channels)
    n_features          X.shape[1]
    n_outputs           classes, labels per row, or targets: the units of the last layer
    n_classes           the same, for classifiers alone
    output_activation   "softmax", "sigmoid" for several labels per row, None for a regressor
    X, y                the training data
    meta                all of these in a dict

Two classes may also share one sigmoid unit. What a builder leaves uncompiled is compiled with
`optimizer`, `loss` and `metrics`; where it is compiled, those replace what it was compiled with,
unless they are None.

Options of the builder are options of the estimator: `model__units` is `model_kwargs["units"]`.

    search = GridSearchCV(
        make_pipeline(StandardScaler(), classifier),
        {"minigradclassifier__model__units": [32, 64], "minigradclassifier__batch_size": [16, 64]},
        n_jobs=2,
    )

Randomness comes from `random_state`; None goes on with the generator of `minigrad.seed`. Sample and
class weights count relative to their mean, and rows of weight 0 are left out, so that a weight
of 2 in a full batch is a row given twice. An estimator is pickled with its weights on the host,
and chooses its device anew where it is used. A function that processes are to share has to be
importable, as for every pickle; joblib's own processes also take one of a notebook.

Example:
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> x, labels = load_digits(return_X_y=True)
    >>> classifier = MinigradClassifier(learning_rate=0.01, epochs=5, random_state=0)
    >>> pipeline = make_pipeline(StandardScaler(), classifier)
    >>> grid = {"minigradclassifier__model__hidden_layer_sizes": [(2,), (32,)]}
    >>> search = GridSearchCV(pipeline, grid, cv=2).fit(x[:600], labels[:600])
    >>> search.best_params_
    {'minigradclassifier__model__hidden_layer_sizes': (32,)}
    >>> search.score(x[600:], labels[600:]) > 0.85
    True
"""

from __future__ import annotations

import copy
import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from . import config
from .arguments import ExplainsArguments, check_arguments, explains_arguments, parameters_of
from .backend import load_module
from .layers import Dense, Dropout, Flatten
from .random import generator, use_generator
from .training.callbacks import Callback, Callbacks, EarlyStopping, as_list
from .training.class_weights import takes_class_numbers
from .training.model import Model
from .training.sequential import Sequential
from .utils.labels import to_categorical
from .utils.registry import check_count
from .wrappers import ModelOrBuilder, SetsParameters

__all__ = ["MinigradClassifier", "MinigradRegressor", "mlp"]

TRIED = 32  # rows on which a new model is tried out
SMALLEST = float(np.finfo(np.float32).tiny)  # probabilities below it have no logarithm


@explains_arguments
def mlp(
    input_shape: Sequence[int],
    n_outputs: int,
    output_activation: Any = None,
    hidden_layer_sizes: int | Sequence[int] = (100,),
    activation: Any = "relu",
    dropout: float = 0.0,
) -> Sequential:
    """A multilayer perceptron: what an estimator without a `model` trains.

    Args:
        input_shape: Shape of one row; several axes are flattened.
        n_outputs: Units of the last layer.
        output_activation: Activation of the last layer.
        hidden_layer_sizes: Units of each hidden layer; a number for one layer.
        activation: Activation of the hidden layers.
        dropout: Fraction of the units that is dropped behind each hidden layer.

    Example:
        >>> mlp((64,), 10, "softmax", hidden_layer_sizes=(32, 16)).count_params()
        2778
    """
    is_number = isinstance(hidden_layer_sizes, numbers.Integral)
    sizes: Any = [hidden_layer_sizes] if is_number else hidden_layer_sizes
    model = Sequential(Flatten(input_shape=tuple(input_shape)))
    for units in sizes:
        model.add(Dense(units, activation))
        if dropout:
            model.add(Dropout(dropout))
    model.add(Dense(n_outputs, output_activation))
    return model


class _MinigradEstimator(SetsParameters, BaseEstimator, metaclass=ExplainsArguments):
    """What both share: from validated rows to a trained model, and from rows to its outputs."""

    model_: Model
    history_: dict[str, list[float]]
    n_outputs_: int
    _generator: np.random.Generator | None
    _output_activation: str | None = None
    _y_numeric = False
    _encode: Callable[..., Any]
    _targets: Callable[..., Any]
    _check_outputs: Callable[..., None]
    _default_loss: Callable[..., str]

    def __init__(
        self,
        model: ModelOrBuilder | None = None,
        *,
        model_kwargs: dict[str, Any] | None = None,
        optimizer: Any = None,
        loss: Any = None,
        metrics: Any = None,
        learning_rate: Any = None,
        epochs: int = 100,
        batch_size: int = 32,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = 10,
        tol: float = 1e-4,
        warm_start: bool = False,
        callbacks: Callbacks = None,
        random_state: Any = None,
        device: str | None = None,
        dtype: Any = None,
        verbose: int | str = 0,
    ) -> None:
        self.model = model
        self.model_kwargs = model_kwargs
        self.optimizer = optimizer
        self.loss = loss
        self.metrics = metrics
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.random_state = random_state
        self.device = device
        self.dtype = dtype
        self.verbose = verbose

    # ---- parameters and state --------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments by name, for scikit-learn.

        Args:
            deep: Whether to list the options in `model_kwargs` too, as "model__units".
        """
        params = super().get_params(deep=False)
        if deep and isinstance(self.model_kwargs, dict):
            params |= {f"model__{name}": value for name, value in self.model_kwargs.items()}
        return params

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and pickled: no array of it is on another device than the host."""
        state = super().__getstate__()
        models = [value for value in state.values() if isinstance(value, Model)]
        if any(p.device != "cpu" for model in models for p in model.weights):
            state = copy.deepcopy(state)
            for value in state.values():
                if isinstance(value, Model):
                    _move(value, "cpu")
        return state

    def __sklearn_is_fitted__(self) -> bool:
        """True after fit or partial_fit."""
        return hasattr(self, "model_")

    @property
    def n_iter_(self) -> int:
        """The number of epochs trained, those of earlier calls that were continued among them."""
        return len(self.loss_curve_)

    @property
    def loss_curve_(self) -> list[float]:
        """The loss of each epoch."""
        return self.history_["loss"]

    # ---- training --------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train a new model, or with warm_start the same one on; returns the estimator.

        Args:
            X: Rows of inputs: an array or a DataFrame.
            y: Targets.
            sample_weight: Weight of each row, relative to their mean; None for equal ones.

        Raises:
            ValueError: If data, options or the model do not fit each other, or training diverges.
            TypeError: If `model` is neither a model nor a builder of one.
        """
        return self._train(X, y, sample_weight, self.epochs, goes_on=self.warm_start)

    def _train_part(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Any:
        """One epoch on some of the data."""
        if self.early_stopping:
            raise ValueError(
                f"{type(self).__name__}: early_stopping compares the epochs of a fit, and "
                "partial_fit trains one: set_params(early_stopping=False)"
            )
        return self._train(X, y, sample_weight, 1, goes_on=True, classes=classes)

    def _train(
        self, X: Any, y: Any, sample_weight: Any, epochs: int, goes_on: bool, classes: Any = None
    ) -> Any:
        """Epochs on these rows, with the model of the last call if `goes_on`."""
        self._check_options()
        goes_on = goes_on and hasattr(self, "model_")
        checks = {"allow_nd": True, "multi_output": True, "y_numeric": self._y_numeric}
        X, y = validate_data(self, X, y, reset=not goes_on, **checks)
        weights = _row_weights(sample_weight, len(X))
        if weights is not None and not weights.all():
            X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]
        y = self._encode(y, goes_on, classes)
        weights = self._relative_weights(weights, y)
        if not goes_on:
            self._generator = _new_generator(self.random_state)
        with (
            config.device(self._device_name()),
            config.default_dtype(self._dtype_name()),
            use_generator(self._generator or generator()),
        ):
            model = self.model_ if goes_on else self._new_model(X, y)
            history = self._run(_move(model), X, y, weights, epochs)
        if not goes_on:
            self.model_, self.history_ = model, {}
        for name, values in history.items():
            self.history_.setdefault(name, []).extend(values)
        return self

    def _run(self, model: Model, X: Any, y: Any, weights: Any, epochs: int) -> dict[str, Any]:
        """fit of the model, with the rows of an early stopping held out; returns its history."""
        rows = {"x": X, "y": self._targets(y, model)}
        rows |= {} if weights is None else {"sample_weight": weights}
        held_out = None
        if self.early_stopping:
            train, test = self._split(y)
            held_out = tuple(part[test] for part in rows.values())
            rows = {name: part[train] for name, part in rows.items()}
        history = model.fit(
            **rows,
            validation_data=held_out,
            batch_size=self.batch_size,
            epochs=epochs,
            shuffle=self.shuffle,
            callbacks=[*as_list(self.callbacks), *self._stopping()],
            verbose=self.verbose,
        ).history
        if not math.isfinite(history["loss"][-1]):
            raise ValueError(
                f"{type(self).__name__}: training diverged, the loss of epoch "
                f"{len(history['loss'])} is {history['loss'][-1]}: scale the inputs, "
                "make_pipeline(StandardScaler(), estimator), or set a lower rate than "
                f"learning_rate={float(model.optimizer.learning_rate):.3g}"
            )
        return history

    def _split(self, y: Any) -> Any:
        """The numbers of the rows to train on, and of those to validate on."""
        seed = int(generator().integers(2**31))
        fraction, strata = self.validation_fraction, self._strata(y)
        try:
            return train_test_split(
                np.arange(len(y)), test_size=fraction, random_state=seed, stratify=strata
            )
        except ValueError as error:
            raise ValueError(
                f"{type(self).__name__}: early_stopping cannot hold out validation_fraction="
                f"{fraction} of {len(y)} rows, some of each class: {error}"
            ) from None

    def _stopping(self) -> list[Callback]:
        """What ends training before its last epoch."""
        if not (self.early_stopping or self.n_iter_no_change):
            return []
        return [
            EarlyStopping(
                "val_loss" if self.early_stopping else "loss",
                min_delta=self.tol,
                patience=self.n_iter_no_change or self.epochs,
                mode="min",
                restore_best_weights=self.early_stopping,
            )
        ]

    def _check_options(self) -> None:
        """Raise ValueError for options that Model.fit does not see; it checks the others."""
        name = type(self).__name__
        if self.n_iter_no_change is not None:
            check_count("n_iter_no_change", self.n_iter_no_change)
        if not (hasattr(self.tol, "__float__") and 0 <= self.tol < math.inf):
            raise ValueError(f"{name}: tol must be a number, 0 or larger, got {self.tol!r}")
        fraction = self.validation_fraction
        if self.early_stopping and not (hasattr(fraction, "__float__") and 0 < fraction < 1):
            raise ValueError(
                f"{name}: validation_fraction must lie between 0 and 1, got {fraction!r}: "
                "validation_fraction=0.1 holds out a tenth of the rows"
            )
        if not isinstance(self.model_kwargs or {}, dict):
            raise TypeError(
                f"{name}: model_kwargs must be a dict of options of the builder, such as "
                f"{{'units': 64}}, got {self.model_kwargs!r}"
            )

    def _device_name(self) -> str:
        """The device to compute on, as this process finds it."""
        if self.device == "auto":
            return "cuda" if _has_gpu() else "cpu"
        return config.default_device() if self.device is None else self.device

    def _dtype_name(self) -> Any:
        """The dtype of data, and of the weights that are made."""
        return config.floatx() if self.dtype is None else self.dtype

    # ---- the model -------------------------------------------------------------------------------

    def _new_model(self, X: Any, y: Any) -> Model:
        """A compiled model of its own, with as many outputs as there are targets."""
        model = self._made_model(X, y)
        outputs = model.predict(X[:TRIED])  # builds it
        if not isinstance(outputs, np.ndarray) or outputs.ndim != 2:
            shape = getattr(outputs, "shape", f"a {type(outputs).__name__}")
            raise ValueError(
                f"{type(self).__name__}: the model must give one row of outputs per row of X, "
                f"(N, {self.n_outputs_}), and gives {shape} for {len(X[:TRIED])} rows: end it with "
                f"Dense({self.n_outputs_}), behind Flatten or a pooling layer"
            )
        units = outputs.shape[1]
        given = {"optimizer": self.optimizer, "loss": self.loss, "metrics": self.metrics}
        chosen = {key: copy.deepcopy(v) for key, v in given.items() if v is not None}
        if chosen or not model.compiled:
            self._compile(model, chosen, units)
        self._check_outputs(model, outputs)
        if self.learning_rate is not None:
            model.optimizer.learning_rate = copy.deepcopy(self.learning_rate)
        return model

    def _made_model(self, X: Any, y: Any) -> Model:
        """A copy of the model, or what the builder makes."""
        name = type(self).__name__
        if isinstance(self.model, Model):
            if self.model_kwargs:
                raise ValueError(
                    f"{name}: model_kwargs are options of a builder, and model is a "
                    f"{type(self.model).__name__}: give the function that builds it"
                )
            self._check_dtype(self.model)
            return copy.deepcopy(self.model)
        builder = mlp if self.model is None else self.model
        if not callable(builder):
            raise TypeError(
                f"{name}: model must be a function that returns a model, a compiled Model, or None "
                f"for a multilayer perceptron, got {builder!r}"
            )
        model = builder(**self._builder_arguments(builder, X, y))
        if not isinstance(model, Model):
            raise TypeError(
                f"{name}: the builder {_name_of(builder)} returned {model!r:.60}: "
                "let it return the model"
            )
        return model

    def _check_dtype(self, model: Model) -> None:
        """Raise ValueError if a built model has not the dtype that is asked for."""
        kinds = {p.dtype.name for p in model.weights if p.dtype.kind == "f"}
        if self.dtype is not None and kinds not in (set(), {config.floatx()}):
            raise ValueError(
                f"{type(self).__name__}: dtype={self.dtype!r}, but the model is of "
                f"{', '.join(sorted(kinds))}: leave dtype out, or give the function that builds it"
            )

    def _builder_arguments(self, builder: Callable[..., Any], X: Any, y: Any) -> dict[str, Any]:
        """What the builder asks for, and its options."""
        offers = self._offers() | {"X": X, "y": y}
        offers |= {"n_features": X.shape[1], "input_shape": X.shape[1:]}
        offers["meta"] = dict(offers)
        asked = parameters_of(builder)
        given = {key: value for key, value in offers.items() if key in asked}
        given |= self.model_kwargs or {}
        try:
            check_arguments(builder, (), given)
        except TypeError as error:
            raise TypeError(
                f"{error}. {type(self).__name__} gives a builder those of these that it takes: "
                f"{', '.join(offers)}; others come from model_kwargs"
            ) from None
        return given

    def _offers(self) -> dict[str, Any]:
        return {"n_outputs": self.n_outputs_, "output_activation": self._output_activation}

    def _compile(self, model: Model, chosen: dict[str, Any], units: int) -> None:
        """Compile with what is chosen; the rest stays as it was, if the model was compiled."""
        before: dict[str, Any] = {}
        if model.compiled:
            modes = {"jit_compile": model.jit_compile, "run_eagerly": model.run_eagerly}
            before = {"optimizer": model.optimizer, **modes, **(model._compiled_with or {})}
        defaults = {"optimizer": "adam", "loss": self._default_loss(units)}
        model.compile(**{**defaults, **before, **chosen})

    # ---- predictions -----------------------------------------------------------------------------

    def _outputs(self, X: Any) -> np.ndarray:
        """The outputs of the trained model, on the host."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, allow_nd=True)
        with config.device(self._device_name()), config.default_dtype(self._dtype_name()):
            return _move(self.model_).predict(X)

    def _strata(self, y: Any) -> Any:
        """The classes of which a validation shall have its share; None for rows at random."""
        return None

    def _relative_weights(self, weights: Any, y: Any) -> Any:
        """The weights divided by their mean; None if all are equal."""
        if weights is None or (weights == weights[0]).all():
            return None
        return weights / weights.mean()


# ---- classification ------------------------------------------------------------------------------


def _gives_probabilities(estimator: Any) -> bool:
    """True unless the loss is one of margins."""
    chosen = estimator.loss or getattr(estimator.model, "loss", None)
    loss = estimator.model_.loss if hasattr(estimator, "model_") else chosen
    if _scale_of(loss) == "margins":
        raise AttributeError(
            "a hinge loss learns margins, which are no probabilities: "
            "CalibratedClassifierCV(estimator) makes some of its decision_function"
        )
    return True


class MinigradClassifier(ClassifierMixin, _MinigradEstimator):
    """A model as a classifier of scikit-learn: two classes or more, or several labels per row.

    After `fit(X, y, sample_weight=None)` it has `classes_`, the labels, sorted (with several labels
    per row the numbers of their columns); `model_`, the trained model; `history_`, the values of
    each epoch by name ("loss", metrics, "val_loss"); `loss_curve_` and `n_iter_`, the losses and
    the number of epochs; `n_outputs_`, `n_features_in_` and, of a DataFrame, `feature_names_in_`.

    Args:
        model: A function that builds a model, see the module; a Model, compiled or not, of which
            each fit trains a copy from the weights that it has; or None for `mlp`.
        model_kwargs: Options of the builder; also set one by one, as `model__units`.
        optimizer: Name, class or Optimizer; None for that of a compiled model, else "adam".
        loss: Name, class, Loss or function (y_true, y_pred); None for that of a compiled model,
            else a cross-entropy of probabilities.
        metrics: Names, Metrics or functions; None for those of a compiled model.
        learning_rate: A number or schedule; None for that of the optimizer.
        epochs: Number of passes over the rows, in each fit.
        batch_size: Rows per step.
        shuffle: Whether each epoch visits the rows in a new order.
        early_stopping: Whether to hold out `validation_fraction` of each class, stop when the loss
            on it has not improved for `n_iter_no_change` epochs, and return to the best weights.
        validation_fraction: Fraction of the rows that early stopping holds out.
        n_iter_no_change: Epochs without improvement, of the training loss unless there is
            `early_stopping`, after which training stops; None for all epochs.
        tol: Smallest change of the loss that counts as an improvement.
        class_weight: Weight of each class: a dict by label, "balanced", or None for 1.
        warm_start: Whether a further fit goes on with the same model.
        callbacks: One callback or several, used as they are.
        random_state: Seed of weights, order and noise, or a RandomState; None for the generator of
            `minigrad.seed`. A seed leaves that one as it is.
        device: "cpu", "cuda", "auto" for a GPU where there is one, or None for minigrad's default
            device in the process that trains or predicts.
        dtype: "float64" or another dtype of data and of the weights that are made; None for
            minigrad's default one.
        verbose: 1 for a progress bar, 2 for a line per epoch, 0 for nothing.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.model_selection import cross_val_score
        >>> x, y = load_iris(return_X_y=True)
        >>> classifier = MinigradClassifier(learning_rate=0.01, epochs=50, random_state=0)
        >>> bool(cross_val_score(classifier, x, y, cv=3).mean() > 0.9)
        True
    """

    classes_: Any
    _is_multilabel: bool
    _is_sigmoid: bool  # one sigmoid unit for two classes, or one for each label

    def __init__(
        self,
        model: ModelOrBuilder | None = None,
        *,
        model_kwargs: dict[str, Any] | None = None,
        optimizer: Any = None,
        loss: Any = None,
        metrics: Any = None,
        learning_rate: Any = None,
        epochs: int = 100,
        batch_size: int = 32,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = 10,
        tol: float = 1e-4,
        class_weight: Any = None,
        warm_start: bool = False,
        callbacks: Callbacks = None,
        random_state: Any = None,
        device: str | None = None,
        dtype: Any = None,
        verbose: int | str = 0,
    ) -> None:
        super().__init__(
            model,
            model_kwargs=model_kwargs,
            optimizer=optimizer,
            loss=loss,
            metrics=metrics,
            learning_rate=learning_rate,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=shuffle,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            tol=tol,
            warm_start=warm_start,
            callbacks=callbacks,
            random_state=random_state,
            device=device,
            dtype=dtype,
            verbose=verbose,
        )
        self.class_weight = class_weight

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn wants to know of it."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """One epoch on these rows, in the first call with a new model; returns the estimator.

        Args:
            X: Rows of inputs.
            y: Labels.
            classes: All labels that will come; needed in the first call.
            sample_weight: Weight of each row, relative to their mean; None for equal ones.

        Raises:
            ValueError: If the first call has no classes or a later one has others, or with
                `early_stopping` or balanced class weights, which need all rows.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' counts the rows of all classes, which a part of the data "
                "does not show: give the weights, class_weight={label: weight, ...}"
            )
        is_first = not hasattr(self, "model_")
        if is_first and classes is None:
            raise ValueError(
                "the first partial_fit has to know all classes: "
                "partial_fit(X, y, classes=np.unique(labels))"
            )
        if classes is not None:
            classes = np.unique(classes)
            if not is_first and not np.array_equal(classes, self.classes_):
                raise ValueError(
                    f"the classes {classes.tolist()} differ from those of the first partial_fit, "
                    f"{self.classes_.tolist()}"
                )
        return self._train_part(X, y, sample_weight, classes)

    # ---- targets ---------------------------------------------------------------------------------

    def _encode(self, y: Any, goes_on: bool, classes: Any) -> Any:
        """Class numbers (N,), or 0 and 1 for each of several labels (N, labels)."""
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        is_multilabel = kind == "multilabel-indicator"
        if is_multilabel:
            y = y.toarray() if hasattr(y, "toarray") else y
            found = np.arange(y.shape[1])
        elif kind == "multiclass-multioutput":
            raise ValueError(
                f"y of shape {y.shape} holds several classes per row: train one classifier per "
                "column, MultiOutputClassifier(estimator), or give 0 and 1 for each label"
            )
        else:
            y = column_or_1d(y, warn=True)
            found = np.unique(y)
        known = self.classes_ if goes_on else classes if classes is not None else found
        strangers = [label for label in found.tolist() if label not in known.tolist()]
        if strangers or (goes_on and is_multilabel != self._is_multilabel):
            raise ValueError(
                f"y holds the classes {strangers or found.tolist()}, and the model is made for "
                f"{known.tolist()}: a new fit without warm_start makes one for others"
            )
        if len(known) < 2 and not is_multilabel:
            raise ValueError(
                f"{type(self).__name__} needs two classes to tell apart, got 1 class: all rows "
                f"with a weight are {known.tolist()[0]!r}"
            )
        self.classes_, self.n_outputs_, self._is_multilabel = known, len(known), is_multilabel
        return y.astype(config.floatx()) if is_multilabel else np.searchsorted(known, y)

    @property
    def _output_activation(self) -> str:  # type: ignore[override]
        return "sigmoid" if self._is_multilabel else "softmax"

    def _offers(self) -> dict[str, Any]:
        return {**super()._offers(), "n_classes": self.n_outputs_}

    def _default_loss(self, units: int) -> str:
        is_sigmoid = self._is_multilabel or units == 1
        return "binary_crossentropy" if is_sigmoid else "sparse_categorical_crossentropy"

    def _check_outputs(self, model: Model, outputs: np.ndarray) -> None:
        """Raise ValueError unless there is a probability, or other score, for each class."""
        n, units = self.n_outputs_, outputs.shape[1]
        self._is_sigmoid = self._is_multilabel or units == 1
        has_one = n == 2 and units == 1 and not self._is_multilabel
        if units != n and not (has_one and not takes_class_numbers(model)):
            what = "labels per row" if self._is_multilabel else "classes"
            line = f"Dense({n}, {self._output_activation!r})"
            raise ValueError(
                f"{type(self).__name__}: the model has {units} outputs for {n} {what} and the loss "
                f"{_name_of(model.loss)}: end it with {line}, or let a builder take n_outputs"
            )
        if getattr(model.loss, "from_logits", None) is False:  # a cross-entropy
            self._require_probabilities(outputs)

    def _require_probabilities(self, outputs: np.ndarray) -> None:
        """Raise ValueError if outputs lie outside of [0, 1]."""
        if (outputs < 0).any() or (outputs > 1.001).any():
            raise ValueError(
                f"{type(self).__name__}: the outputs of the model, {outputs.min():.3g} to "
                f"{outputs.max():.3g}, are no probabilities: end it with "
                f"{'sigmoid' if self._is_sigmoid else 'softmax'!r}, or give the estimator a "
                "cross-entropy with from_logits=True as its loss"
            )

    def _targets(self, y: Any, model: Model) -> Any:
        """Class numbers, a column of 0 and 1, or one-hot rows, as the loss takes them."""
        if self._is_multilabel or takes_class_numbers(model):
            return y
        if self._is_sigmoid:
            return y[:, None].astype(config.floatx())
        return to_categorical(y, self.n_outputs_)

    def _strata(self, y: Any) -> Any:
        return None if self._is_multilabel else y

    def _relative_weights(self, weights: Any, y: Any) -> Any:
        """Those of rows and classes together."""
        if self.class_weight is None:
            return super()._relative_weights(weights, y)
        if self._is_multilabel:
            raise ValueError(
                "class_weight weighs the classes of rows that have one each: weigh rows with "
                "several labels by fit(X, y, sample_weight=...)"
            )
        weights = np.ones(len(y)) if weights is None else weights
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            return super()._relative_weights(weights / np.bincount(y, weights)[y], y)
        labels = self.classes_[y]
        by_class = compute_class_weight(self.class_weight, classes=self.classes_, y=labels)
        return super()._relative_weights(weights * by_class[y], y)

    # ---- predictions -----------------------------------------------------------------------------

    def decision_function(self, X: Any) -> np.ndarray:
        """The score of each class (N, classes), or of the second of two (N,): logits or margins.

        Of outputs that are probabilities the logarithm; above 0 for a label that is predicted.

        Args:
            X: Rows of inputs.
        """
        scores = self._outputs(X).astype("float64")
        if _scale_of(self.model_.loss) == "probabilities":
            scores = _log(scores) - _log(1 - scores) if self._is_sigmoid else _log(scores)
        if self._is_multilabel or len(self.classes_) > 2:
            return scores
        return scores[:, 0] if self._is_sigmoid else scores[:, 1] - scores[:, 0]

    @available_if(_gives_probabilities)
    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, in the order of `classes_`: (N, classes).

        Args:
            X: Rows of inputs.

        Raises:
            ValueError: If the outputs are neither probabilities nor logits of a cross-entropy.
        """
        outputs = self._outputs(X)
        if _scale_of(self.model_.loss) == "logits":
            outputs = expit(outputs) if self._is_sigmoid else softmax(outputs, -1)
        else:
            self._require_probabilities(outputs)
        if self._is_multilabel:
            return outputs
        return np.hstack([1 - outputs, outputs]) if self._is_sigmoid else outputs

    def predict(self, X: Any) -> np.ndarray:
        """The label of each row; of several per row 0 and 1 for each, (N, labels).

        Args:
            X: Rows of inputs.
        """
        scores = self.decision_function(X)
        if self._is_multilabel:
            return (scores > 0).astype(int)
        numbers = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(1)
        return self.classes_[numbers]


# ---- regression ----------------------------------------------------------------------------------


class MinigradRegressor(RegressorMixin, _MinigradEstimator):
    """A model as a regressor of scikit-learn, of one target or several.

    After `fit(X, y, sample_weight=None)` it has `model_`, the trained model; `history_`, the values
    of each epoch by name ("loss", metrics, "val_loss"); `loss_curve_` and `n_iter_`, the losses and
    the number of epochs; `n_outputs_`, `n_features_in_` and, of a DataFrame, `feature_names_in_`.

    Args:
        model: A function that builds a model, see the module; a Model, compiled or not, of which
            each fit trains a copy from the weights that it has; or None for `mlp`.
        model_kwargs: Options of the builder; also set one by one, as `model__units`.
        optimizer: Name, class or Optimizer; None for that of a compiled model, else "adam".
        loss: Name, class, Loss or function (y_true, y_pred); None for that of a compiled model,
            else "mse".
        metrics: Names, Metrics or functions; None for those of a compiled model.
        learning_rate: A number or schedule; None for that of the optimizer.
        epochs: Number of passes over the rows, in each fit.
        batch_size: Rows per step.
        shuffle: Whether each epoch visits the rows in a new order.
        early_stopping: Whether to hold out `validation_fraction` of the rows, stop when the loss
            on it has not improved for `n_iter_no_change` epochs, and return to the best weights.
        validation_fraction: Fraction of the rows that early stopping holds out.
        n_iter_no_change: Epochs without improvement, of the training loss unless there is
            `early_stopping`, after which training stops; None for all epochs.
        tol: Smallest change of the loss that counts as an improvement.
        warm_start: Whether a further fit goes on with the same model.
        callbacks: One callback or several, used as they are.
        random_state: Seed of weights, order and noise, or a RandomState; None for the generator of
            `minigrad.seed`. A seed leaves that one as it is.
        device: "cpu", "cuda", "auto" for a GPU where there is one, or None for minigrad's default
            device in the process that trains or predicts.
        dtype: "float64" or another dtype of data and of the weights that are made; None for
            minigrad's default one.
        verbose: 1 for a progress bar, 2 for a line per epoch, 0 for nothing.

    Example:
        >>> x = np.linspace(-1, 1, 200)[:, None]
        >>> regressor = MinigradRegressor(learning_rate=0.01, random_state=0)
        >>> regressor.fit(x, x[:, 0] ** 2).score(x, x[:, 0] ** 2) > 0.95
        True
    """

    _y_numeric = True

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn wants to know of it."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """One epoch on these rows, in the first call with a new model; returns the estimator.

        Args:
            X: Rows of inputs.
            y: Targets.
            sample_weight: Weight of each row, relative to their mean; None for equal ones.

        Raises:
            ValueError: With `early_stopping`, which compares epochs.
        """
        return self._train_part(X, y, sample_weight)

    def _encode(self, y: Any, goes_on: bool, classes: Any) -> Any:
        """The targets (N, n_outputs_)."""
        targets = y.reshape(len(y), -1)
        if goes_on and targets.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y has {targets.shape[1]} targets per row, and the model is made for "
                f"{self.n_outputs_}: a new fit without warm_start makes one for others"
            )
        self.n_outputs_ = targets.shape[1]
        self._y_like = y[:0].copy()  # predictions have its axes and, if it is floating, its dtype
        return targets

    def _default_loss(self, units: int) -> str:
        return "mse"

    def _check_outputs(self, model: Model, outputs: np.ndarray) -> None:
        """Raise ValueError unless there is an output for each target."""
        if outputs.shape[1] != self.n_outputs_:
            raise ValueError(
                f"{type(self).__name__}: the model has {outputs.shape[1]} outputs for "
                f"{self.n_outputs_} targets per row: end it with Dense({self.n_outputs_}), or let "
                "a builder take n_outputs"
            )

    def _targets(self, y: Any, model: Model) -> Any:
        return y

    def predict(self, X: Any) -> np.ndarray:
        """The numbers: (N,), or (N, targets) if y had two axes; floating as y was.

        Args:
            X: Rows of inputs.
        """
        outputs = self._outputs(X)
        dtype = self._y_like.dtype if self._y_like.dtype.kind == "f" else outputs.dtype
        return outputs.astype(dtype).reshape(len(outputs), *self._y_like.shape[1:])


# ---- helpers -------------------------------------------------------------------------------------


def _row_weights(sample_weight: Any, n: int) -> np.ndarray | None:
    """The weights of n rows as an array; None for none."""
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, "float64")
    if weights.shape != (n,):
        raise ValueError(
            f"sample_weight of shape {weights.shape} does not fit {n} rows: give one weight per "
            f"row, of shape ({n},)"
        )
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"sample_weight must be finite and not negative, got {weights.min()}")
    if not weights.any():
        raise ValueError("all sample weights are zero: no row is left to train on")
    return weights


def _new_generator(random_state: Any) -> np.random.Generator | None:
    """The generator that a random_state of scikit-learn stands for; None for minigrad's own."""
    if random_state is None:
        return None
    if isinstance(random_state, numbers.Integral):
        return np.random.default_rng(int(random_state))
    return np.random.default_rng(check_random_state(random_state).randint(2**31))


def _move(model: Model, device: str | None = None) -> Model:
    """The model with its weights, and the state of its optimizer, on a device: the default one."""
    name = device or config.default_device()
    if any(p.device != name for p in model.weights):
        model.to(name)
        if model.compiled:
            model.reset_metrics()  # their sums are on the device of the last batch
            optimizer = model.optimizer
            optimizer.load_state(optimizer.parameters, optimizer.state(), optimizer.calls)
    return model


def _has_gpu() -> bool:
    """True if the device "cuda" can be used."""
    try:
        load_module("cuda")
    except RuntimeError:
        return False
    return True


def _scale_of(loss: Any) -> str:
    """What the outputs under a loss are: "logits", "margins" or "probabilities"."""
    if getattr(loss, "from_logits", False):
        return "logits"
    name = loss if isinstance(loss, str) else _name_of(loss)
    return "margins" if "hinge" in name.lower() else "probabilities"


def _log(p: np.ndarray) -> np.ndarray:
    """The logarithm, of 0 that of the smallest number."""
    return np.log(np.maximum(p, SMALLEST))


def _name_of(value: Any) -> str:
    """The name of a function, class or loss."""
    return getattr(value, "__name__", "") or getattr(value, "name", "") or type(value).__name__
