"""Models as estimators of scikit-learn, for its grids, pipelines and cross-validation.

def build(X, y, units=16):
    model = Sequential([Input(X.shape[1:]), Dense(units, "relu"), Dense(y.shape[1], "softmax")])
    model.compile("adam", "categorical_crossentropy")
    return model

estimator = SKLearnClassifier(build, fit_kwargs={"epochs": 20, "verbose": 0})
cross_val_score(estimator, X, labels)
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from .arguments import ExplainsArguments
from .training.model import Model
from .utils.instead import explain_missing
from .utils.labels import to_categorical

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]

__getattr__ = explain_missing("wrappers", __all__)

PARAMETERS = ("model", "warm_start", "model_kwargs", "fit_kwargs")
ModelOrBuilder = Model | Callable[..., Model]


class SetsParameters:
    """What all estimators set their arguments with: also single options in their dicts."""

    get_params: Callable[..., dict[str, Any]]

    def set_params(self, **parameters: Any) -> Any:
        """Give arguments other values, and return the estimator.

        Args:
            **parameters: Values by name; of those within the dicts as "model_kwargs__units", for
                which "model__units" is short.

        Raises:
            ValueError: If there is no such argument.
        """
        known = self.get_params(deep=False)
        for name, value in parameters.items():
            whole, _, key = name.partition("__")
            if key and whole == "model":
                whole = "model_kwargs"
            if whole not in known or (key and not whole.endswith("_kwargs")):
                raise ValueError(
                    f"{type(self).__name__} has no argument {name!r}: {', '.join(known)}; an "
                    f"option of the function that builds the model is 'model__{name}'"
                )
            setattr(self, whole, {**(getattr(self, whole) or {}), key: value} if key else value)
        return self


class _Estimator(SetsParameters, metaclass=ExplainsArguments):
    """What all of them share. scikit-learn asks an estimator for its methods, not for a base."""

    kind = ""  # scikit-learn's name for what it estimates

    def __init__(
        self,
        model: ModelOrBuilder,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments by name, for scikit-learn.

        Args:
            deep: Whether to list what is in the dicts too, as "fit_kwargs__epochs".
        """
        parameters = {name: getattr(self, name) for name in PARAMETERS}
        if deep:
            for name in ("model_kwargs", "fit_kwargs"):
                inside = parameters[name] or {}
                parameters |= {f"{name}__{key}": value for key, value in inside.items()}
        return parameters

    def fit(self, X: Any, y: Any = None, **fit_kwargs: Any) -> Any:
        """Train a new model, or the same one on if warm_start is True; returns the estimator.

        Args:
            X: Inputs.
            y: Targets.
            **fit_kwargs: Options of Model.fit beside those that the estimator was made with.
        """
        X = np.asarray(X)
        targets = self.targets(y)
        if not (self.warm_start and hasattr(self, "model_")):
            self.model_ = self._new_model(X, targets)
        self.n_features_in_ = X.shape[-1]
        options = {**(self.fit_kwargs or {}), **fit_kwargs}
        self.history_ = self.model_.fit(X, targets, **options)
        return self

    def _new_model(self, X: np.ndarray, y: Any) -> Model:
        if isinstance(self.model, Model):
            model = copy.deepcopy(self.model)
        else:
            model = self.model(X, y, **(self.model_kwargs or {}))
        if getattr(model, "loss", None) is None:
            raise RuntimeError(f"{type(self).__name__} needs a compiled model: call compile on it")
        return model

    def targets(self, y: Any) -> Any:
        """The targets as the model gets them.

        Args:
            y: The targets as they are given.
        """
        if y is None:
            return None
        y = np.asarray(y)
        return y[:, None] if y.ndim == 1 else y

    def outputs(self, X: Any) -> np.ndarray:
        """What the trained model gives.

        Args:
            X: Inputs.
        """
        if not hasattr(self, "model_"):
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(f"{type(self).__name__} is not trained yet: call fit(X, y)")
        return self.model_.predict(np.asarray(X), verbose=0)

    def __repr__(self) -> str:
        parameters = self.get_params(deep=False)
        given = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
        return f"{type(self).__name__}({given})"

    def __sklearn_is_fitted__(self) -> bool:
        """True after fit."""
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn wants to know of it."""
        from sklearn.utils import (
            ClassifierTags,
            InputTags,
            RegressorTags,
            Tags,
            TargetTags,
            TransformerTags,
        )

        return Tags(
            estimator_type=self.kind if self.kind != "transformer" else None,
            target_tags=TargetTags(required=self.kind != "transformer"),
            transformer_tags=TransformerTags() if self.kind == "transformer" else None,
            classifier_tags=ClassifierTags() if self.kind == "classifier" else None,
            regressor_tags=RegressorTags() if self.kind == "regressor" else None,
            input_tags=InputTags(),
        )


class SKLearnClassifier(_Estimator):
    """A model as a classifier: labels of any kind become one-hot rows, and scores labels again.

    Args:
        model: A compiled Model, of which each fit trains a copy; or a function (X, y,
            **model_kwargs) that returns one, where y are the one-hot rows.
        warm_start: Whether a further fit goes on with the same model.
        model_kwargs: Options of that function.
        fit_kwargs: Options of Model.fit, such as {"epochs": 20}.

    Example:
        >>> from sklearn.model_selection import cross_val_score
        >>> model = minigrad.Sequential(
        ...     minigrad.layers.Dense(2, "softmax", input_shape=(3,))
        ... )
        >>> model.compile("adam", "categorical_crossentropy")
        >>> classifier = SKLearnClassifier(model, fit_kwargs={"verbose": 0})
        >>> cross_val_score(classifier, np.random.rand(20, 3), ["yes", "no"] * 10).shape
        (5,)
    """

    kind = "classifier"

    def targets(self, y: Any) -> Any:
        """The labels as one-hot rows.

        Args:
            y: The labels.
        """
        self.classes_, numbers = np.unique(np.asarray(y), return_inverse=True)
        return to_categorical(numbers, len(self.classes_))

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probabilities of the classes, in the order of `classes_`.

        Args:
            X: Inputs.
        """
        return self.outputs(X)

    def predict(self, X: Any) -> np.ndarray:
        """The labels.

        Args:
            X: Inputs.
        """
        scores = self.outputs(X)
        return np.asarray(self.classes_[scores.argmax(-1)])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The accuracy.

        Args:
            X: Inputs.
            y: Labels.
            sample_weight: One weight per row, or None.
        """
        return float(np.average(self.predict(X) == np.asarray(y), weights=sample_weight))


class SKLearnRegressor(_Estimator):
    """A model as a regressor.

    Args:
        model: A compiled Model, of which each fit trains a copy; or a function (X, y,
            **model_kwargs) that returns one, where y is (N, outputs).
        warm_start: Whether a further fit goes on with the same model.
        model_kwargs: Options of that function.
        fit_kwargs: Options of Model.fit, such as {"epochs": 20}.

    Example:
        >>> model = minigrad.Sequential(minigrad.layers.Dense(1, input_shape=(3,)))
        >>> model.compile("adam", "mse")
        >>> regressor = SKLearnRegressor(model, fit_kwargs={"verbose": 0})
        >>> regressor.fit(np.ones((4, 3)), np.ones(4)).predict(np.ones((2, 3))).shape
        (2,)
    """

    kind = "regressor"

    def predict(self, X: Any) -> np.ndarray:
        """The numbers: (N,) for a model of one output.

        Args:
            X: Inputs.
        """
        y = self.outputs(X)
        return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination.

        Args:
            X: Inputs.
            y: Targets.
            sample_weight: One weight per row, or None.
        """
        from sklearn.metrics import r2_score

        return float(r2_score(y, self.predict(X), sample_weight=sample_weight))


class SKLearnTransformer(_Estimator):
    """A model whose outputs are features for what follows in a pipeline.

    Args:
        model: A compiled Model, of which each fit trains a copy; or a function (X, y,
            **model_kwargs) that returns one.
        warm_start: Whether a further fit goes on with the same model.
        model_kwargs: Options of that function.
        fit_kwargs: Options of Model.fit, such as {"epochs": 20}.

    Example:
        >>> model = minigrad.Sequential(minigrad.layers.Dense(2, input_shape=(3,)))
        >>> model.compile("adam", "mse")
        >>> encoder = SKLearnTransformer(model, fit_kwargs={"verbose": 0})
        >>> encoder.fit_transform(np.ones((4, 3)), np.ones((4, 2))).shape
        (4, 2)
    """

    kind = "transformer"

    def transform(self, X: Any) -> np.ndarray:
        """The outputs.

        Args:
            X: Inputs.
        """
        return self.outputs(X)

    def fit_transform(self, X: Any, y: Any = None, **fit_kwargs: Any) -> np.ndarray:
        """fit, then transform.

        Args:
            X: Inputs.
            y: Targets.
            **fit_kwargs: Options of Model.fit.
        """
        self.fit(X, y, **fit_kwargs)
        return self.transform(X)
