"""Estimators of scikit-learn: its own checks, its tools around them, their options and errors."""

from __future__ import annotations

import pickle
import pickletools
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from joblib.externals.loky.backend.reduction import dumps as pickle_by_value
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, make_multilabel_classification
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import minigrad
from minigrad import Input, Model, Sequential, callbacks, losses, metrics, optimizers
from minigrad import sklearn as estimators
from minigrad.layers import BatchNormalization, Dense, Dropout, Flatten
from minigrad.random import generator
from minigrad.sklearn import MinigradClassifier, MinigradRegressor, mlp

RNG = np.random.default_rng(0)
X = RNG.standard_normal((90, 3))
LABELS = np.where(X[:, 0] > 0.4, "yes", np.where(X[:, 0] < -0.4, "no", "maybe"))
BINARY = np.where(X[:, 0] - X[:, 1] > 0, "up", "down")
NUMBERS = X @ [1.0, -2.0, 0.5]
QUICK = {"model_kwargs": {"hidden_layer_sizes": (16,)}, "learning_rate": 0.02, "epochs": 25}
QUICK |= {"random_state": 0}


def classifier(**options):
    return MinigradClassifier(**{**QUICK, **options})


def regressor(**options):
    return MinigradRegressor(**{**QUICK, **options})


def build(input_shape, n_outputs, output_activation, units=8, rate=0.0):
    return Sequential(
        Dense(units, "relu", input_shape=input_shape),
        Dropout(rate),
        Dense(n_outputs, output_activation),
    )


def one_sigmoid_unit():
    return Sequential(Dense(1, "sigmoid"))


def two_logits(n_classes):
    return Sequential(Dense(n_classes))


def compiled_model(loss="sparse_categorical_crossentropy", last="softmax", units=3):
    model = Sequential(Dense(8, "tanh", input_shape=(3,)), Dense(units, last))
    model.compile(optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
    return model


def functional_model():
    x = Input((3,))
    y = Dense(3, "softmax")(BatchNormalization(momentum=0.5)(Dense(8, "relu")(x)))
    model = Model(x, y)
    model.compile(optimizers.SGD(0.1, momentum=0.9), "categorical_crossentropy")
    return model


# ---- scikit-learn's own checks -------------------------------------------------------------------

# float32, minigrad's dtype, has 7 digits, and these compare 7 digits
IN_SINGLE_PRECISION = {
    "check_sample_weight_equivalence_on_dense_data": "sums of weighted rows round otherwise",
    "check_methods_subset_invariance": "products of one row and of many round otherwise",
}


def expected_failures(estimator):
    return IN_SINGLE_PRECISION if estimator.dtype is None else {}


IN_CHECKS = {"learning_rate": 0.02, "epochs": 12}


@parametrize_with_checks(
    [
        MinigradClassifier(**IN_CHECKS, dtype="float64"),
        MinigradRegressor(**IN_CHECKS, dtype="float64"),
        MinigradClassifier(**IN_CHECKS),
        MinigradRegressor(**IN_CHECKS),
    ],
    expected_failed_checks=expected_failures,
)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_the_module_is_loaded_by_its_name_but_not_by_a_star():
    """`import minigrad` loads no scikit-learn: test_public_face.py."""
    assert minigrad.sklearn is estimators and "sklearn" not in minigrad.__all__


# ---- kinds of targets ----------------------------------------------------------------------------


def test_several_classes_with_string_labels():
    fitted = classifier()
    assert is_classifier(fitted) and not is_regressor(fitted)
    assert fitted.fit(X, LABELS) is fitted
    assert fitted.classes_.tolist() == ["maybe", "no", "yes"]
    assert fitted.score(X, LABELS) > 0.9
    probabilities = fitted.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(fitted.decision_function(X), np.log(probabilities), rtol=1e-5)
    assert fitted.n_iter_ == len(fitted.loss_curve_) == len(fitted.history_["loss"]) == 25
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0] / 2


TWO_CLASSES = {
    "softmax": {},
    "sigmoid unit": {"model": one_sigmoid_unit, "model_kwargs": None},
    "logits": {
        "model": two_logits,
        "model_kwargs": None,
        "loss": losses.SparseCategoricalCrossentropy(from_logits=True),
    },
    "one logit": {
        "model": lambda: Sequential(Dense(1)),
        "model_kwargs": None,
        "loss": losses.BinaryCrossentropy(from_logits=True),
    },
    "one-hot": {"loss": "categorical_crossentropy"},
}


@pytest.mark.parametrize("kind", TWO_CLASSES)
def test_two_classes(kind):
    fitted = classifier(**TWO_CLASSES[kind], epochs=40).fit(X, BINARY)
    assert fitted.score(X, BINARY) > 0.9
    scores, probabilities = fitted.decision_function(X), fitted.predict_proba(X)
    assert scores.shape == (90,) and probabilities.shape == (90, 2)
    np.testing.assert_allclose(probabilities[:, 1], 1 / (1 + np.exp(-scores)), atol=1e-6)
    assert roc_auc_score(BINARY, scores) > 0.95
    assert np.array_equal(fitted.predict(X), np.where(scores > 0, "up", "down"))


def test_margins_have_no_probabilities_until_they_are_calibrated():
    fitted = classifier(model=lambda: Sequential(Dense(1)), model_kwargs=None, loss="hinge")
    assert not hasattr(fitted, "predict_proba")
    assert fitted.fit(X, BINARY).score(X, BINARY) > 0.9
    with pytest.raises(AttributeError) as caught:
        fitted.predict_proba(X)
    assert "CalibratedClassifierCV(estimator)" in str(caught.value.__cause__)
    calibrated = CalibratedClassifierCV(fitted, cv=2).fit(X, BINARY)
    assert calibrated.predict_proba(X).shape == (90, 2)
    several = classifier(model=two_logits, model_kwargs=None, loss="categorical_hinge")
    assert several.fit(X, LABELS).decision_function(X).shape == (90, 3)


def test_several_labels_per_row():
    x, y = make_multilabel_classification(80, 5, n_classes=3, random_state=0)
    x = StandardScaler().fit_transform(x)
    fitted = classifier(epochs=40).fit(x, y)
    assert get_tags(fitted).classifier_tags.multi_label
    assert fitted.classes_.tolist() == [0, 1, 2] and fitted.n_outputs_ == 3
    assert set(np.unique(fitted.predict(x))) == {0, 1}
    assert (fitted.predict(x) == y).mean() > 0.8
    assert np.array_equal(fitted.predict_proba(x) > 0.5, fitted.predict(x) == 1)
    assert np.array_equal(fitted.decision_function(x) > 0, fitted.predict(x) == 1)


def test_numbers_and_several_of_them():
    one = regressor(epochs=60).fit(X, NUMBERS)
    assert is_regressor(one) and one.score(X, NUMBERS) > 0.9
    assert one.predict(X).shape == (90,) and one.predict(X).dtype == np.float64
    assert one.fit(X, NUMBERS.astype("float32")).predict(X).dtype == np.float32
    two = regressor(epochs=60).fit(X, X[:, :2])
    assert two.predict(X).shape == (90, 2) and two.score(X, X[:, :2]) > 0.9
    assert regressor(epochs=1).fit(X, NUMBERS[:, None]).predict(X).shape == (90, 1)


# ---- models --------------------------------------------------------------------------------------


def test_a_builder_gets_what_it_asks_for():
    seen = {}

    def asking(n_features, n_classes, input_shape, X, y, meta, units=2):
        seen.update(locals())
        return Sequential(Dense(units, "relu"), Dense(n_classes, "softmax"))

    classifier(model=asking, model_kwargs={"units": 5}, epochs=1).fit(X, LABELS)
    assert (seen["n_features"], seen["n_classes"], seen["input_shape"]) == (3, 3, (3,))
    assert seen["units"] == 5 and seen["X"].shape == (90, 3)
    assert np.array_equal(np.array(["maybe", "no", "yes"])[seen["y"]], LABELS)
    assert set(seen["meta"]) == {*seen, "n_outputs", "output_activation"} - {"meta", "units"} - {
        "seen"
    }
    assert seen["meta"]["output_activation"] == "softmax"


def test_options_of_a_builder_are_options_of_the_estimator():
    estimator = classifier(model=build, model_kwargs={"units": 4}, epochs=1)
    assert estimator.get_params()["model__units"] == 4
    assert "model__units" not in estimator.get_params(deep=False)
    estimator.set_params(model__units=6, model_kwargs__rate=0.5, epochs=2)
    assert estimator.model_kwargs == {"units": 6, "rate": 0.5} and estimator.epochs == 2
    assert estimator.fit(X, LABELS).model_.layers[0].units == 6
    with pytest.raises(ValueError, match="no argument 'units': .*warm_start; .*'model__units'"):
        estimator.set_params(units=3)


@pytest.mark.parametrize("make", [compiled_model, functional_model])
def test_each_fit_trains_a_copy_of_a_compiled_model(make):
    model = make()
    before = model.get_weights()
    estimator = classifier(model=model, model_kwargs=None, learning_rate=None)
    assert estimator.fit(X, LABELS).score(X, LABELS) > 0.7
    assert all(map(np.array_equal, before, model.get_weights()))
    assert clone(estimator).fit(X, LABELS).loss_curve_ == estimator.loss_curve_


def test_what_is_given_replaces_what_the_model_was_compiled_with():
    model = compiled_model()
    options = {"model": model, "model_kwargs": None, "learning_rate": None, "epochs": 1}
    plain = classifier(**options).fit(X, LABELS).model_
    assert plain.optimizer.get_config() == model.optimizer.get_config()
    assert set(plain.history.history) == {"loss", "accuracy"}
    faster = classifier(**options | {"learning_rate": 0.25}).fit(X, LABELS).model_
    assert faster.optimizer.learning_rate == 0.25 and faster.optimizer.momentum == 0.9
    assert model.optimizer.learning_rate == 0.1
    adam, cost = optimizers.Adam(0.5), metrics.SparseCategoricalCrossentropy()
    other = classifier(**options, optimizer=adam, metrics=[cost]).fit(X, LABELS).model_
    assert other.optimizer.name == "adam" and adam.t == 0
    assert other.loss.name == "sparse_categorical_crossentropy"
    assert set(other.history.history) == {"loss", cost.name} and cost.count == 0
    model = compiled_model("categorical_crossentropy")
    model.compile(model.optimizer, model.loss, jit_compile=False)
    counted = classifier(**options | {"model": model}, metrics="accuracy").fit(X, LABELS).model_
    assert counted.loss.name == "categorical_crossentropy" and counted.jit_compile is False
    assert counted.optimizer.get_config() == model.optimizer.get_config()
    assert set(counted.history.history) == {"loss", "accuracy"}
    assert classifier(**options, loss="categorical_crossentropy").fit(X, LABELS).n_iter_ == 1


def test_images():
    x = RNG.random((40, 4, 4, 1))
    y = x.mean((1, 2, 3)) > 0.5
    fitted = classifier().fit(x, y)
    assert isinstance(fitted.model_.layers[0], Flatten) and fitted.score(x, y) > 0.8


def test_mlp():
    layers = mlp((2, 3), 4, hidden_layer_sizes=[7, 5], dropout=0.5).layers
    names = "Flatten Dense Dropout Dense Dropout Dense"
    assert " ".join(type(layer).__name__ for layer in layers) == names
    assert mlp((3,), 1, hidden_layer_sizes=7).count_params() == 3 * 7 + 7 + 7 + 1


# ---- inside scikit-learn -------------------------------------------------------------------------


def test_a_grid_of_a_pipeline_on_digits():
    x, labels = load_digits(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), classifier(epochs=5))
    grid = {
        "minigradclassifier__model__hidden_layer_sizes": [(1,), (32,)],
        "minigradclassifier__optimizer": ["adam", optimizers.SGD],
    }
    search = GridSearchCV(pipeline, grid, cv=2).fit(x[:300], labels[:300])
    assert search.best_params_["minigradclassifier__model__hidden_layer_sizes"] == (32,)
    assert search.score(x[300:600], labels[300:600]) > 0.75


def test_successive_halving_over_epochs():
    rates = {"learning_rate": [1e-9, 1e-3, 0.05, 1e-8, 1e-7, 1e-6]}
    budget = {"resource": "epochs", "min_resources": 6, "max_resources": 24, "factor": 2}
    search = HalvingRandomSearchCV(classifier(), rates, **budget, cv=2, random_state=0)
    assert search.fit(X, LABELS).best_params_["learning_rate"] == 0.05
    assert search.best_estimator_.n_iter_ == 24


def test_cross_validation_in_two_processes_gives_the_same_bits():
    estimator = classifier(model=build, model_kwargs={"units": 8, "rate": 0.1}, epochs=10)
    here = cross_val_score(estimator, X, LABELS, cv=2)
    with joblib.parallel_config("multiprocessing"):  # forks, in a tenth of the time of loky
        there = cross_val_score(estimator, X, LABELS, cv=2, n_jobs=2)
    assert here.min() > 0.5 and np.array_equal(here, there)


def test_importance_calibration_and_bagging():
    fitted = classifier().fit(X, BINARY)
    importance = permutation_importance(fitted, X, BINARY, n_repeats=3, random_state=0)
    assert importance.importances_mean[2] < min(importance.importances_mean[:2])
    calibrated = CalibratedClassifierCV(classifier(epochs=5), cv=2).fit(X, BINARY)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(1), 1, rtol=1e-6)
    bagging = BaggingClassifier(classifier(epochs=5), 2, random_state=0).fit(X, LABELS)
    assert bagging.score(X, LABELS) > 0.6


def test_tables():
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    labels = pd.Series(LABELS, index=range(90, 180))
    fitted = classifier(epochs=5).fit(table, labels, sample_weight=pd.Series(np.ones(90)))
    assert fitted.feature_names_in_.tolist() == ["a", "b", "c"] and fitted.n_features_in_ == 3
    assert fitted.loss_curve_ == classifier(epochs=5).fit(X, LABELS).loss_curve_
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(table[["c", "b", "a"]])
    pipeline = make_pipeline(StandardScaler(), classifier(epochs=5)).set_output(transform="pandas")
    assert pipeline.fit(table, labels)[-1].feature_names_in_.tolist() == ["a", "b", "c"]
    mixed = pd.DataFrame({"a": X[:, 0].astype("float32"), "b": np.arange(90)})
    assert regressor(epochs=1).fit(mixed, NUMBERS).predict(mixed).shape == (90,)


# ---- going on ------------------------------------------------------------------------------------


def test_warm_start_goes_on_with_the_same_model():
    whole = classifier(epochs=4, n_iter_no_change=None).fit(X, LABELS)
    parts = classifier(epochs=2, n_iter_no_change=None, warm_start=True).fit(X, LABELS)
    first = parts.model_
    parts.fit(X, LABELS)
    assert parts.model_ is first and parts.n_iter_ == 4
    assert parts.loss_curve_ == whole.loss_curve_
    cold = classifier(epochs=2).fit(X, LABELS)
    assert cold.fit(X, LABELS).n_iter_ == 2 and cold.model_ is not first
    assert parts.fit(X[LABELS != "no"], LABELS[LABELS != "no"]).n_outputs_ == 3
    with pytest.raises(ValueError, match=r"classes \['new'\], and the model is made for \['maybe'"):
        parts.fit(X, np.where(X[:, 0] > 0, "new", "no"))
    balanced = classifier(epochs=1, warm_start=True, class_weight="balanced").fit(X, LABELS)
    assert balanced.fit(X[LABELS != "yes"], LABELS[LABELS != "yes"]).n_iter_ == 2
    with pytest.raises(ValueError, match=r"classes \[0, 1\], and the model is made for"):
        parts.fit(X, np.c_[BINARY == "up", BINARY == "down"])
    with pytest.raises(ValueError, match="2 targets per row, and the model is made for 1"):
        regressor(epochs=1, warm_start=True).fit(X, NUMBERS).fit(X, X[:, :2])


def test_partial_fit():
    parts = classifier()
    for _ in range(3):
        parts.partial_fit(X[:50], LABELS[:50], classes=np.unique(LABELS))
        parts.partial_fit(X[50:], LABELS[50:])
    assert parts.n_iter_ == 6 and parts.score(X, LABELS) > 0.6
    assert (
        classifier(epochs=1).fit(X, LABELS).loss_curve_
        == classifier().partial_fit(X, LABELS, ["yes", "no", "maybe"]).loss_curve_
    )
    only = classifier().partial_fit(X[:9], ["no"] * 9, classes=["no", "yes"])
    assert only.predict_proba(X).shape == (90, 2)
    assert regressor().partial_fit(X, NUMBERS).partial_fit(X, NUMBERS).n_iter_ == 2
    with pytest.raises(ValueError, match=r"classes=np.unique\(labels\)"):
        classifier().partial_fit(X, LABELS)
    with pytest.raises(ValueError, match="differ from those of the first partial_fit"):
        only.partial_fit(X, LABELS, classes=["a", "b"])
    with pytest.raises(ValueError, match="holds the classes"):
        only.partial_fit(X, LABELS)
    with pytest.raises(ValueError, match="give the weights, class_weight={label: weight"):
        classifier(class_weight="balanced").partial_fit(X, LABELS, classes=["no", "yes"])
    with pytest.raises(ValueError, match=r"set_params\(early_stopping=False\)"):
        regressor(early_stopping=True).partial_fit(X, NUMBERS)


# ---- weights and stopping ------------------------------------------------------------------------


def test_sample_weights():
    weights = RNG.integers(0, 3, 30)
    full = {"dtype": "float64", "batch_size": 200, "epochs": 5}
    weighed = regressor(**full).fit(X[:30], NUMBERS[:30], weights)
    repeated = regressor(**full).fit(X[:30].repeat(weights, 0), NUMBERS[:30].repeat(weights))
    np.testing.assert_allclose(weighed.predict(X), repeated.predict(X), rtol=1e-9)
    plain = regressor(**full).fit(X, NUMBERS)
    assert np.array_equal(plain.predict(X), regressor(**full).fit(X, NUMBERS, [7] * 90).predict(X))
    assert not np.allclose(plain.predict(X), weighed.predict(X))
    # a class without weight is none
    assert classifier(epochs=1).fit(X, LABELS, LABELS != "no").classes_.tolist() == ["maybe", "yes"]


def test_class_weights():
    x = RNG.standard_normal((200, 1))
    rare = np.where(x[:, 0] + RNG.standard_normal(200) > 2, "rare", "common")
    assert (rare == "rare").mean() < 0.15
    plain = classifier().fit(x, rare).predict(x)
    balanced = classifier(class_weight="balanced").fit(x, rare)
    assert (balanced.predict(x) == "rare").mean() > 2 * (plain == "rare").mean()
    counts = {"rare": (rare == "rare").sum(), "common": (rare == "common").sum()}
    given = {label: 100 / n for label, n in counts.items()}
    by_label = classifier(class_weight=given).fit(x, rare)
    np.testing.assert_allclose(by_label.predict_proba(x), balanced.predict_proba(x), atol=1e-3)
    by_row = np.where(rare == "rare", given["rare"], given["common"])
    both = classifier(class_weight=given, epochs=2).fit(x, rare, np.arange(200))
    product = classifier(epochs=2).fit(x, rare, by_row * np.arange(200))
    assert both.loss_curve_ == product.loss_curve_
    # balanced counts rows by their weights
    weights = np.where(rare == "rare", counts["common"] / counts["rare"], 1.0)
    weighed = classifier(class_weight="balanced").fit(x, rare, weights)
    np.testing.assert_allclose(weighed.predict_proba(x), balanced.predict_proba(x), atol=1e-3)


def test_early_stopping_holds_out_a_share_of_each_class():
    noise = RNG.integers(0, 2, 90)
    stopped = classifier(
        early_stopping=True, validation_fraction=0.2, n_iter_no_change=3, epochs=300
    ).fit(X, noise)
    held_out = stopped.history_["val_loss"]
    best = int(np.argmin(held_out))
    assert stopped.n_iter_ < 300 and len(held_out) == stopped.n_iter_
    assert stopped.n_iter_ - 1 - best >= 3
    # it predicts with the weights of the best epoch
    until = classifier(early_stopping=True, validation_fraction=0.2, epochs=best + 1).fit(X, noise)
    assert np.array_equal(until.predict_proba(X), stopped.predict_proba(X))


def test_the_rows_held_out_are_stratified_and_weighed(monkeypatch):
    calls = []
    fit = Model.fit

    def noting(self, x, y, sample_weight=None, **options):
        calls.append((y, sample_weight, options["validation_data"]))
        return fit(self, x, y, sample_weight=sample_weight, **options)

    monkeypatch.setattr(Model, "fit", noting)
    labels = np.repeat([0, 1], [80, 10])
    weights = np.arange(90) + 1.0
    classifier(early_stopping=True, epochs=1).fit(X, labels, weights)
    ((y, kept, (x_out, y_out, w_out)),) = calls
    assert np.bincount(y_out).tolist() == [8, 1] and np.bincount(y).tolist() == [72, 9]
    assert x_out.shape == (9, 3) and sorted([*kept, *w_out]) == sorted(weights / weights.mean())


def test_training_stops_when_the_loss_does():
    stuck = regressor(learning_rate=1e-9, epochs=50, n_iter_no_change=4)
    assert stuck.fit(X, NUMBERS).n_iter_ == 5
    assert stuck.set_params(n_iter_no_change=None).fit(X, NUMBERS).n_iter_ == 50
    assert (
        stuck.set_params(n_iter_no_change=4, tol=0.0, learning_rate=1e-3).fit(X, NUMBERS).n_iter_
        == 50
    )


def test_callbacks_and_progress(capsys):
    seen = []
    note = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    classifier(callbacks=note, epochs=3, verbose=2).fit(X, LABELS)
    assert seen == [0, 1, 2] and "3/3" in capsys.readouterr().out
    classifier(epochs=3).fit(X, LABELS)
    assert capsys.readouterr().out == ""


# ---- randomness ----------------------------------------------------------------------------------


def test_random_state_fixes_the_bits_and_leaves_the_seed_alone():
    minigrad.seed(5)
    expected = generator().random()
    minigrad.seed(5)
    options = {"model": build, "model_kwargs": {"rate": 0.3}, "early_stopping": True, "epochs": 4}
    state = np.random.get_state()[1].copy()
    first = classifier(**options).fit(X, LABELS).predict_proba(X)
    assert generator().random() == expected
    assert np.array_equal(np.random.get_state()[1], state)
    assert np.array_equal(classifier(**options).fit(X, LABELS).predict_proba(X), first)
    other = classifier(**options | {"random_state": 1}).fit(X, LABELS)
    assert not np.array_equal(other.predict_proba(X), first)


def test_without_shuffling_a_compiled_model_draws_nothing():
    options = {"model": compiled_model(), "model_kwargs": None, "learning_rate": None, "epochs": 2}
    ordered = [classifier(**options | {"random_state": n}, shuffle=False) for n in (0, 1)]
    shuffled = [classifier(**options | {"random_state": n}) for n in (0, 1)]
    first, second = (fitted.fit(X, LABELS).loss_curve_ for fitted in ordered)
    assert first == second
    first, second = (fitted.fit(X, LABELS).loss_curve_ for fitted in shuffled)
    assert first != second


def test_without_random_state_the_seed_of_minigrad_counts():
    fits = []
    for seed in (3, 3, 4):
        minigrad.seed(seed)
        fits.append(classifier(random_state=None, epochs=2).fit(X, LABELS).loss_curve_)
    assert fits[0] == fits[1] != fits[2]
    states = [np.random.RandomState(1) for _ in range(2)]
    losses = [classifier(random_state=s, epochs=2).fit(X, LABELS).loss_curve_ for s in states]
    assert losses[0] == losses[1]
    again = classifier(random_state=states[0], epochs=2).fit(X, LABELS)
    assert again.loss_curve_ != losses[0]


# ---- pickles and devices -------------------------------------------------------------------------


@pytest.mark.parametrize("model", [None, build, compiled_model()])
def test_pickles(model):
    estimator = classifier(model=model, model_kwargs=None, epochs=2, warm_start=True)
    copied = pickle.loads(pickle.dumps(estimator))
    assert copied.get_params().keys() == estimator.get_params().keys()
    assert not hasattr(copied, "model_")
    fitted = estimator.fit(X, LABELS)
    restored = pickle.loads(pickle.dumps(fitted))
    for a, b in zip(fitted.model_.get_weights(), restored.model_.get_weights(), strict=True):
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes()
    assert np.array_equal(fitted.predict_proba(X), restored.predict_proba(X))
    # training goes on with the same bits: state of the optimizer and generator, too
    assert fitted.fit(X, LABELS).loss_curve_ == restored.fit(X, LABELS).loss_curve_


def test_loky_takes_a_builder_of_a_notebook():
    """Its pickles hold functions that cannot be imported."""
    estimator = classifier(model=lambda: Sequential(Dense(3, "softmax")), model_kwargs=None)
    copied = pickle.loads(pickle_by_value(estimator.set_params(epochs=2).fit(X, LABELS)))
    assert np.array_equal(copied.predict_proba(X), estimator.predict_proba(X))
    assert copied.fit(X, LABELS).loss_curve_ == estimator.loss_curve_


def test_a_pickle_names_classes_of_numpy_and_minigrad_alone():
    """No other code runs when it is loaded: from elsewhere come a partial and empty sets."""
    data = pickle.dumps(classifier(epochs=1).fit(X, LABELS), 2)
    names = {arg for op, arg, _ in pickletools.genops(data) if op.name == "GLOBAL"}
    others = {n for n in names if n.split()[0].split(".")[0] not in ("minigrad", "numpy")}
    assert others <= {"functools partial", "__builtin__ frozenset", "_codecs encode"}


def test_a_pickle_on_disk_that_is_mapped(tmp_path):
    fitted = classifier(epochs=2, warm_start=True).fit(X, LABELS)
    joblib.dump(fitted, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert np.array_equal(fitted.predict_proba(X), mapped.predict_proba(X))
    assert mapped.fit(X, LABELS).loss_curve_ == fitted.fit(X, LABELS).loss_curve_


def test_devices(device):
    """Trained on any device, it is pickled on the host and goes on on another."""
    options = {"model": build, "model_kwargs": {"rate": 0.1}, "epochs": 3, "metrics": ["accuracy"]}
    fitted = classifier(**options, device=device, warm_start=True).fit(X, LABELS)
    assert {p.device for p in fitted.model_.weights} == {device}
    assert isinstance(fitted.predict_proba(X), np.ndarray)
    data = pickle.dumps(fitted)
    assert {p.device for p in fitted.model_.weights} == {device}
    words = {str(arg) for _, arg, _ in pickletools.genops(data)}
    assert not any("strict_device" in word or "cupy" in word for word in words)
    restored = pickle.loads(data)
    assert {p.device for p in restored.model_.weights} == {"cpu"}
    restored.set_params(device="cpu")
    np.testing.assert_allclose(restored.predict_proba(X), fitted.predict_proba(X), rtol=1e-4)
    further = restored.fit(X, LABELS).loss_curve_
    np.testing.assert_allclose(further, fitted.fit(X, LABELS).loss_curve_, rtol=1e-4)


def test_a_compiled_model_on_a_device_is_pickled_on_the_host(device):
    model = compiled_model()
    model.to(device)
    estimator = pickle.loads(pickle.dumps(classifier(model=model, model_kwargs=None, epochs=1)))
    assert {p.device for p in estimator.model.weights} == {"cpu"}
    assert {p.device for p in model.weights} == {device}
    fitted = estimator.set_params(device=None).fit(X, LABELS)
    assert {p.device for p in fitted.model_.weights} == {device}  # the default one here


def test_the_device_is_chosen_where_it_is_used(monkeypatch):
    monkeypatch.setattr(estimators, "_has_gpu", lambda: False)
    fitted = classifier(device="auto", epochs=1).fit(X, LABELS)
    assert {p.device for p in fitted.model_.weights} == {"cpu"}
    with minigrad.device("strict"):
        fitted.set_params(device=None).predict(X)
    assert {p.device for p in fitted.model_.weights} == {"strict"}
    assert isinstance(fitted.predict(X), np.ndarray)
    assert {p.device for p in fitted.model_.weights} == {"cpu"}
    with pytest.raises(ValueError, match="unknown device 'gpu': choose one of"):
        classifier(device="gpu").fit(X, LABELS)


# ---- errors --------------------------------------------------------------------------------------

ERRORS = [
    ({"model": "mlp"}, "must be a function that returns a model, a compiled Model, or None"),
    ({"model": lambda: 3, "model_kwargs": None}, "returned 3: let it return the model"),
    ({"model": build, "model_kwargs": {"unit": 3}}, "did you mean units"),
    ({"model": lambda width: None, "model_kwargs": None}, "needs width.*n_outputs.*model_kwargs"),
    ({"model": compiled_model(), "model_kwargs": {"units": 3}}, "are options of a builder"),
    ({"model": compiled_model(units=2), "model_kwargs": None}, r"2 outputs for 3 classes"),
    ({"model": one_sigmoid_unit, "model_kwargs": None}, r"end it with Dense\(3, 'softmax'\)"),
    ({"model": compiled_model(), "model_kwargs": None, "dtype": "float64"}, "is of float32"),
    ({"model": lambda: Sequential(Flatten(), Dense(3), minigrad.layers.Reshape((3, 1)))}
     | {"model_kwargs": None}, r"gives \(32, 3, 1\) for 32 rows: end it with Dense\(3\)"),
    ({"model": two_logits, "model_kwargs": None}, "are no probabilities: end it with 'softmax'"),
    ({"model_kwargs": [3]}, "must be a dict of options of the builder"),
    ({"epochs": 0}, "epochs"),
    ({"batch_size": 0}, "batch_size"),
    ({"loss": "msee"}, "did you mean 'mse'"),
    ({"optimizer": "adamm"}, "did you mean 'adam'"),
    ({"learning_rate": -1.0}, "learning_rate must not be negative"),
    ({"tol": -1.0}, "tol must be a number, 0 or larger, got -1.0"),
    ({"n_iter_no_change": 0}, "n_iter_no_change"),
    ({"early_stopping": True, "validation_fraction": 1.0}, "holds out a tenth of the rows"),
    ({"random_state": "one"}, "cannot be used to seed"),
    ({"learning_rate": 1e30, "epochs": 3, "optimizer": "sgd"}, "training diverged, the loss of"),
    ({"class_weight": {"often": 2.0}}, r"\['maybe', 'no', 'yes'\], are not in class_weight"),
    ({"dtype": "int32"}, "must be float16, float32 or float64"),
]  # fmt: skip


@pytest.mark.parametrize("options, message", ERRORS, ids=[message for _, message in ERRORS])
def test_options_that_do_not_fit(options, message):
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        pytest.raises((ValueError, TypeError), match=message),
    ):
        warnings.simplefilter("ignore")
        classifier(**options).fit(X, LABELS)


def test_constructor_names_the_option_that_was_meant():
    with pytest.raises(TypeError, match="no option 'lr': did you mean learning_rate"):
        MinigradClassifier(lr=0.1)


def test_data_that_does_not_fit():
    estimator = classifier(epochs=1)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        estimator.predict(X)
    with pytest.raises(ValueError, match=r"got 1 class: all rows with a weight are 'yes'"):
        estimator.fit(X, ["yes"] * 90)
    with pytest.raises(ValueError, match="holds several classes per row"):
        estimator.fit(X, RNG.integers(0, 3, (90, 2)))
    with pytest.raises(ValueError, match=r"of shape \(3,\) does not fit 90 rows"):
        estimator.fit(X, LABELS, [1, 2, 3])
    with pytest.raises(ValueError, match="finite and not negative, got -1.0"):
        estimator.fit(X, LABELS, np.linspace(-1, 1, 90))
    with pytest.raises(ValueError, match="weights are zero"):
        estimator.fit(X, LABELS, np.zeros(90))
    with pytest.raises(ValueError, match="NaN"):
        estimator.fit(np.where(X > 2, np.nan, X), LABELS)
    with pytest.warns(DataConversionWarning, match="column-vector"):
        estimator.fit(X, LABELS[:, None])
    with pytest.raises(ValueError, match="expecting 3 features"):
        estimator.predict(X[:, :2])
    with pytest.raises(ValueError, match="one each: weigh rows with several labels"):
        classifier(class_weight="balanced").fit(X, RNG.integers(0, 2, (90, 3)))
    with pytest.raises(ValueError, match="validation_fraction=0.1 of 12 rows, some of each class"):
        classifier(early_stopping=True).fit(X[:12], LABELS[:12])
    with pytest.raises(ValueError, match="2 outputs for 1 targets per row"):
        regressor(model=two_logits, model_kwargs={"n_classes": 2}).fit(X, NUMBERS)


def test_outputs_that_are_no_probabilities():
    linear = classifier(model=two_logits, model_kwargs=None, loss="mse", epochs=1).fit(X, LABELS)
    with pytest.raises(ValueError, match="are no probabilities: end it with 'softmax'"):
        linear.predict_proba(X)
