"""Models as estimators: what scikit-learn does with its own, it does with them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import minigrad
from minigrad import Sequential
from minigrad.layers import Dense, Input
from minigrad.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

X = np.random.default_rng(0).standard_normal((60, 3))
LABELS = np.where(X[:, 0] > 0, "yes", "no")
NUMBERS = X @ [1.0, -2.0, 0.5]


def classifier_model(X, y, rate=0.3):
    model = Sequential([Input(X.shape[1:]), Dense(y.shape[1], "softmax")])
    model.compile(minigrad.optimizers.SGD(rate), "categorical_crossentropy")
    return model


def regressor_model(X, y):
    model = Sequential([Input(X.shape[1:]), Dense(y.shape[1])])
    model.compile(minigrad.optimizers.SGD(0.1), "mse")
    return model


SHORT = {"epochs": 8, "verbose": 0}


def test_a_classifier():
    minigrad.seed(0)
    estimator = SKLearnClassifier(classifier_model, fit_kwargs=SHORT)
    assert is_classifier(estimator) and not is_regressor(estimator)
    assert estimator.fit(X, LABELS) is estimator
    assert estimator.score(X, LABELS) > 0.9
    assert estimator.classes_.tolist() == ["no", "yes"]
    assert set(estimator.predict(X)) == {"no", "yes"}
    np.testing.assert_allclose(estimator.predict_proba(X).sum(1), 1, rtol=1e-5)
    assert len(estimator.history_.epoch) == 8 and estimator.n_features_in_ == 3
    assert estimator.score(X, LABELS, estimator.predict(X) == LABELS) == 1


def test_a_regressor():
    minigrad.seed(0)
    estimator = SKLearnRegressor(regressor_model, fit_kwargs=SHORT)
    assert is_regressor(estimator)
    assert estimator.fit(X, NUMBERS).predict(X).shape == (60,)
    assert estimator.score(X, NUMBERS) > 0.9
    two = SKLearnRegressor(regressor_model, fit_kwargs=SHORT).fit(X, X[:, :2])
    assert two.predict(X).shape == (60, 2)


def test_cross_validation_and_grids_in_a_pipeline():
    minigrad.seed(0)
    estimator = SKLearnClassifier(classifier_model, fit_kwargs=SHORT)
    assert cross_val_score(estimator, X, LABELS, cv=2).mean() > 0.8
    pipeline = make_pipeline(StandardScaler(), estimator)
    grid = {"sklearnclassifier__model_kwargs__rate": [1e-9, 0.3]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, LABELS)
    assert search.best_params_ == {"sklearnclassifier__model_kwargs__rate": 0.3}


def test_a_transformer():
    features = SKLearnTransformer(regressor_model, fit_kwargs=SHORT)
    assert features.fit_transform(X, X[:, :2]).shape == (60, 2)
    pipeline = make_pipeline(features, SKLearnRegressor(regressor_model, fit_kwargs=SHORT))
    assert pipeline.fit(X, NUMBERS[:, None]).predict(X).shape == (60,)


def test_each_fit_trains_a_copy_unless_it_goes_on():
    model = classifier_model(X, np.zeros((1, 2)))
    before = model.get_weights()
    estimator = SKLearnClassifier(model, fit_kwargs=SHORT).fit(X, LABELS)
    assert all(map(np.array_equal, before, model.get_weights()))
    first = estimator.model_
    assert estimator.fit(X, LABELS).model_ is not first
    estimator.set_params(warm_start=True)
    again = estimator.model_
    assert estimator.fit(X, LABELS, epochs=1).model_ is again
    assert again.optimizer.t == 2 * 8 + 2


def test_parameters():
    estimator = SKLearnRegressor(regressor_model, model_kwargs={"a": 1})
    twin = clone(estimator)
    assert twin.get_params() == estimator.get_params() and not hasattr(twin, "model_")
    estimator.set_params(model_kwargs__b=2)
    assert estimator.model_kwargs == {"a": 1, "b": 2}
    assert estimator.get_params()["model_kwargs__b"] == 2
    assert list(estimator.get_params(deep=False)) == [
        "model",
        "warm_start",
        "model_kwargs",
        "fit_kwargs",
    ]
    with pytest.raises(ValueError, match="SKLearnRegressor has no argument 'units': model, warm"):
        estimator.set_params(units=3)
    assert repr(estimator).startswith("SKLearnRegressor(model=<function")
    with pytest.raises(NotFittedError, match=r"is not trained yet: call fit\(X, y\)"):
        estimator.predict(X)
    bare = SKLearnRegressor(lambda X, y: Sequential([Input((3,)), Dense(1)]))
    with pytest.raises(RuntimeError, match="needs a compiled model"):
        bare.fit(X, NUMBERS)
