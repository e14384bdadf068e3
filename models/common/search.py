"""Hyperparameter search: random and Bayesian with pruning, successive halving; resumed or parallel.

An objective is a function `objective(config, callbacks)` that trains a model with these callbacks;
they hear its score after each epoch, under the name MONITOR. `run_search` draws configurations, has
joblib run the objective, and writes each finished trial into a study of Optuna. So the backend of
joblib decides where trials run (`joblib.parallel_config("dask")`: on a cluster), and the storage
of the study who may join and resume.

Random search draws with scikit-learn's ParameterSampler (Bergstra & Bengio 2012, JMLR 13), Bayesian
search with tree-structured Parzen estimators (Bergstra et al. 2011, NeurIPS 24), and halving is
scikit-learn's HalvingRandomSearchCV (Jamieson & Talwalkar 2016, arXiv:1502.07943).
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import ParameterSampler, PredefinedSplit
from tqdm import tqdm

import minigrad
from minigrad import Sequential
from minigrad.callbacks import Callback, PruningCallback
from minigrad.sklearn import MinigradClassifier
from minigrad.utils.registry import check_choice, check_count

from .search_spaces import TASKS, Choice, Config, Range, Space, Split

if TYPE_CHECKING:
    import optuna

Objective = Callable[[Config, list[Callback]], Any]

METHODS = ("bayesian", "random", "halving")
MONITOR = "val_accuracy"
STARTUP = 8  # random trials before the first Bayesian one, finished ones before the first pruning
INSTALL = "in a clone of minigrad, pip install -e '.[tune]'"


def load_optuna() -> Any:
    """The module optuna, without its lines about every trial.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise ImportError(f"a search needs Optuna: {INSTALL}") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


# ---- an objective --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Training:
    """The objective of a model of the zoo: fit on the training rows, score on the validation rows.

    Args:
        name: The name of the model, one of TASKS.
        epochs: Epochs of a training.
        seed: Seed of the weights, of dropout and of the order of rows: the same in all trials.
        device: Where it trains.
    """

    name: str
    epochs: int
    seed: int = 0
    device: str = "cpu"

    def __call__(self, config: Config, callbacks: list[Callback]) -> tuple[Sequential, Split]:
        """The trained model, and the rows.

        Args:
            config: A value of each hyperparameter.
            callbacks: Callbacks of fit.
        """
        task = TASKS[self.name]
        split = task.load()
        minigrad.seed(self.seed)
        with minigrad.device(self.device), np.errstate(all="ignore"):  # some rates diverge
            model = task.compiled(config)
            model.fit(
                *split.train,
                batch_size=config["batch_size"],
                epochs=self.epochs,
                validation_data=split.validation,
                verbose=0,
                callbacks=callbacks,
            )
        return model, split


@dataclass
class Outcome:
    """What a worker sends back of a trial.

    Args:
        number: The number of the trial.
        scores: The score after each epoch.
        pruned: Whether its training was ended early.
    """

    number: int
    scores: dict[int, float]
    pruned: bool


def run_trial(
    objective: Objective, number: int, config: Config, finished: list[Any] | None, one_thread: bool
) -> Outcome:
    """Train once, in whatever process or machine.

    The pruner compares with the trials that were finished when this one began. They come along, so
    a worker needs no access to the storage.

    Args:
        objective: Trains a model.
        number: The number of the trial.
        config: A value of each hyperparameter.
        finished: The finished trials; None to prune nothing.
        one_thread: Whether to compute on one thread, as one of several workers.
    """
    optuna = load_optuna()
    if one_thread:
        minigrad.set_num_threads(1)
    pruner = optuna.pruners.NopPruner()
    if finished is not None:
        pruner = optuna.pruners.MedianPruner(STARTUP, n_warmup_steps=1)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    study.add_trials(finished or [])
    trial, pruned = study.ask(), False
    try:
        objective(config, [PruningCallback(trial, MONITOR)])
    except optuna.TrialPruned:
        pruned = True
    return Outcome(number, study.trials[-1].intermediate_values, pruned)


# ---- a study -------------------------------------------------------------------------------------


def open_study(storage: str | None, name: str, settings: dict[str, Any]) -> optuna.Study:
    """The study of this name, made if there is none.

    Args:
        storage: URL of its database, "sqlite:///study.db" for a file; None for memory.
        name: Its name.
        settings: What must be equal whenever it goes on.

    Raises:
        ValueError: If the study was begun with other settings, or the database does not open.
    """
    study = load_optuna().create_study(
        storage=None if storage is None else open_database(storage),
        study_name=name,
        direction="maximize",
        load_if_exists=True,
    )
    for key, value in settings.items():
        before = study.user_attrs.get(key, value)
        if before != value:
            raise ValueError(
                f"the study {name!r} was begun with {key} {before!r}, not {value!r}: "
                "go on with that, or begin another one with another --out or --storage"
            )
        study.set_user_attr(key, value)
    return study


def finished_trials(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """The trials that have a score: complete or pruned.

    Args:
        study: The study.
    """
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def open_database(url: str, attempts: int = 4) -> optuna.storages.RDBStorage:
    """The storage of Optuna at a URL; its tables are made if there are none.

    Args:
        url: The URL.
        attempts: How often to try: two processes that make the tables at once fail at first.

    Raises:
        ValueError: If it does not open.
    """
    from optuna.storages import RDBStorage
    from sqlalchemy import event
    from sqlalchemy.exc import SQLAlchemyError

    is_file = url.startswith("sqlite")
    options = {"connect_args": {"timeout": 60}} if is_file else None
    for attempt in range(1, attempts + 1):
        try:
            storage = RDBStorage(url, engine_kwargs=options)
            break
        except SQLAlchemyError as error:
            reason = str(error).partition("\n")[0]
        time.sleep(0.3 * attempt)
    else:
        raise ValueError(
            f"the database of the study does not open: {reason}; a storage is a URL such as "
            "sqlite:///study.db or postgresql+psycopg://user@host/name"
        )
    if is_file:
        storage.engine.dispose()
        event.listen(storage.engine, "connect", _append_to_log)
    return storage


def _append_to_log(connection: Any, record: Any) -> None:
    """Have SQLite append to a log, without a wait for the disk after every epoch.

    A process that dies loses nothing by it; a machine that does, the last trials at most.
    """
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def is_pruned(trial: optuna.trial.FrozenTrial) -> bool:
    """True if the training of a finished trial was ended early.

    Args:
        trial: A finished trial.
    """
    return trial.state.name == "PRUNED"


def last_score(trial: optuna.trial.FrozenTrial) -> float:
    """The score after the last epoch of a trial, also of a pruned one.

    Args:
        trial: A finished trial.
    """
    return trial.intermediate_values[max(trial.intermediate_values)]


def draw(study: optuna.Study, space: Space, method: str, seed: int) -> tuple[Any, Config]:
    """A new trial, and its configuration.

    The draw depends on the seed, on how many trials there are that have not failed, and on their
    scores: a search that goes on after an interrupt makes the trials that it would have made.

    Args:
        study: The study.
        space: The hyperparameters.
        method: "bayesian" or "random".
        seed: The seed of the search.
    """
    from optuna.trial import TrialState

    samplers = load_optuna().samplers
    trial = study.ask()
    index = trial.number - len(study.get_trials(deepcopy=False, states=(TrialState.FAIL,)))
    own_seed = int(np.random.SeedSequence([seed, index]).generate_state(1)[0])
    if method == "bayesian":
        study.sampler = samplers.TPESampler(n_startup_trials=STARTUP, seed=own_seed)
    else:
        configs = list(ParameterSampler(space, index + 1, random_state=seed))
        with warnings.catch_warnings(action="ignore"):  # it is marked as experimental
            study.sampler = samplers.PartialFixedSampler(configs[-1], samplers.RandomSampler())
    return trial, {name: values.suggest(trial, name) for name, values in space.items()}


def run_search(
    objective: Objective,
    space: Space,
    study: optuna.Study,
    trials: int = 30,
    method: str = "bayesian",
    seed: int = 0,
    jobs: int = 1,
    prune: bool = True,
    verbose: int = 1,
) -> optuna.Study:
    """Go on until the study has so many finished trials; other processes may do so with it.

    One job gives the same trials for the same seed. An interrupt loses the trials that run.

    Args:
        objective: Trains a model with the callbacks that it gets.
        space: The hyperparameters: a Range or Choice by name.
        study: The study, from `open_study`.
        trials: Number of finished trials to reach.
        method: "bayesian" or "random".
        seed: Seed of the draws.
        jobs: Trials at a time, one thread each; -1 for one per core.
        prune: Whether to end trainings that score below the median of the others.
        verbose: 1 shows a bar, 0 does not.

    Raises:
        ValueError: If the method is unknown, or trials or jobs is no such number.
    """
    from joblib import Parallel, delayed

    check_choice(method, METHODS[:2], "method of run_search")
    check_count("trials of run_search", trials)
    if jobs != -1:
        check_count("jobs of run_search", jobs)
    running: dict[int, Any] = {}
    lock = Lock()  # joblib asks for calls on a thread of its own

    def calls() -> Iterator[Any]:
        """The calls of the workers, each drawn when one is free."""
        while True:
            with lock:
                finished = finished_trials(study)
                if len(finished) + len(running) >= trials:
                    return
                trial, config = draw(study, space, method, seed)
                running[trial.number] = trial
            past = _for_pruning(finished) if prune else None
            yield delayed(run_trial)(objective, trial.number, config, past, jobs != 1)

    parallel = Parallel(jobs, return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1)
    with _progress(study, trials, verbose) as bar, _failed_if_left(study, running):
        for outcome in parallel(calls()):
            with lock:
                tell(study, running[outcome.number], outcome)
                del running[outcome.number]
            _show(bar, study)
    return study


def tell(study: optuna.Study, trial: Any, outcome: Outcome) -> None:
    """Write a finished trial into the study.

    Args:
        study: The study.
        trial: The trial.
        outcome: What the worker sent.

    Raises:
        ValueError: If the objective gave its callbacks no score.
    """
    from optuna.trial import TrialState

    if not outcome.scores:
        raise ValueError(
            f"the objective reported no {MONITOR!r}: "
            "it has to call fit(..., validation_data=..., callbacks=callbacks)"
        )
    for epoch, score in outcome.scores.items():
        trial.report(score, epoch)
    if outcome.pruned:
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, outcome.scores[max(outcome.scores)])


def _for_pruning(trials: Iterable[Any]) -> list[Any]:
    """Complete trials with what a pruner reads of them: the scores, without the configuration."""
    from optuna.trial import create_trial

    return [
        create_trial(value=trial.value, intermediate_values=trial.intermediate_values)
        for trial in trials
        if not is_pruned(trial)
    ]


@contextmanager
def _failed_if_left(study: optuna.Study, running: dict[int, Any]) -> Iterator[None]:
    """Whatever ends the block, trials that still run are marked as failed."""
    from optuna.trial import TrialState

    try:
        yield
    finally:
        for trial in running.values():
            study.tell(trial, state=TrialState.FAIL)


@contextmanager
def _progress(study: optuna.Study, trials: int, verbose: int) -> Iterator[tqdm]:
    """A bar of finished trials, beginning at those that the study has."""
    done = min(len(finished_trials(study)), trials)
    with tqdm(total=trials, initial=done, desc="trials", disable=not verbose) as bar:
        yield bar


def _show(bar: tqdm, study: optuna.Study) -> None:
    """Move the bar to the finished trials, also of other processes, with the best score."""
    finished = finished_trials(study)
    bar.update(min(len(finished), bar.total) - bar.n)
    pruned = sum(map(is_pruned, finished))
    scores = [trial.value for trial in finished if not is_pruned(trial)]
    bar.set_postfix(best=f"{max(scores):.4f}" if scores else "none", pruned=pruned)


# ---- successive halving --------------------------------------------------------------------------


def build_for_halving(name: str, **config: Any) -> Sequential:
    """A network of the zoo, as a builder of MinigradClassifier.

    Args:
        name: The name of the model, one of TASKS.
        **config: A value of each hyperparameter but the batch size.
    """
    return TASKS[name].compiled(config)


def run_halving(
    training: Training, study: optuna.Study, trials: int = 30, jobs: int = 1, verbose: int = 1
) -> optuna.Study:
    """Train all candidates for few epochs, the better third for three times as many, and so on.

    It runs in one piece: the study gets its trials at the end. Those that were dropped are pruned
    trials, with their score after the epochs that they had.

    Args:
        training: The objective: a model of the zoo.
        study: The study, from `open_study`; if it has trials nothing is done.
        trials: Number of candidates, at least 3.
        jobs: Trainings at a time; -1 for one per core.
        verbose: 1 tells of each round, 0 does not.

    Raises:
        ValueError: If there are fewer than 3 trials, or several jobs on a GPU.
    """
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV

    check_count("trials of run_halving", trials, 3)
    if jobs != 1 and training.device != "cpu":
        raise ValueError(f"halving on {training.device} runs one training at a time: jobs=1")
    if finished_trials(study):
        return study
    task = TASKS[training.name]
    split = task.load()
    estimator = MinigradClassifier(
        build_for_halving,
        model_kwargs={"name": training.name},
        n_iter_no_change=None,
        random_state=training.seed,
    )
    rows = [np.concatenate(pair) for pair in zip(split.train, split.validation)]
    fold = np.repeat([-1, 0], [len(split.train[1]), len(split.validation[1])])
    search = HalvingRandomSearchCV(
        estimator,
        {estimator_key(name): values for name, values in task.space.items()},
        n_candidates=trials,
        resource="epochs",
        max_resources=training.epochs,
        min_resources=min_epochs(training.epochs, trials),
        cv=PredefinedSplit(fold),
        refit=False,
        random_state=training.seed,
        n_jobs=jobs,
        verbose=verbose,
    )
    with minigrad.device(training.device), np.errstate(all="ignore"):
        search.fit(*rows)
    record_halving(study, task.space, search.cv_results_)
    return study


def estimator_key(name: str) -> str:
    """The name of a hyperparameter as a parameter of MinigradClassifier.

    Args:
        name: The hyperparameter.
    """
    return name if name == "batch_size" else f"model__{name}"


def min_epochs(epochs: int, trials: int) -> int:
    """The epochs of the first round, with which the last round has as many as it can.

    Args:
        epochs: Epochs of the last round.
        trials: Candidates of the first round.
    """
    rounds = 1
    while 3**rounds <= min(trials, epochs):
        rounds += 1
    return max(epochs // 3 ** (rounds - 1), 1)


def record_halving(study: optuna.Study, space: Space, results: dict[str, Any]) -> None:
    """Write the candidates into the study.

    Args:
        study: The study.
        space: The hyperparameters.
        results: `cv_results_` of the search.
    """
    from optuna.trial import TrialState, create_trial

    scores: dict[str, dict[int, float]] = {}
    configs: dict[str, Config] = {}
    for params, epochs, score in zip(
        results["params"], results["n_resources"], results["mean_test_score"]
    ):
        config = {name: params[estimator_key(name)] for name in space}
        configs[repr(config)] = config
        scores.setdefault(repr(config), {})[int(epochs) - 1] = float(score)
    most = max(max(by_epoch) for by_epoch in scores.values())
    for key, by_epoch in scores.items():
        complete = most in by_epoch
        trial = create_trial(
            state=TrialState.COMPLETE if complete else TrialState.PRUNED,
            value=by_epoch[most] if complete else None,
            params=configs[key],
            distributions={name: distribution(values) for name, values in space.items()},
            intermediate_values=by_epoch,
        )
        study.add_trial(trial)


def distribution(values: Range | Choice) -> Any:
    """The distribution of Optuna.

    Args:
        values: A Range or Choice.
    """
    distributions = load_optuna().distributions
    if isinstance(values, Choice):
        return distributions.CategoricalDistribution(values.values)
    whole = isinstance(values.low, int)
    kind = distributions.IntDistribution if whole else distributions.FloatDistribution
    return kind(values.low, values.high, log=values.log)


# ---- what a study says ---------------------------------------------------------------------------


def importances(study: optuna.Study) -> dict[str, float]:
    """The share of each hyperparameter in the variance of the score, the largest first.

    By a random forest (fANOVA: Hutter, Hoos & Leyton-Brown 2014, ICML 32) on all finished trials;
    pruned ones count with their last score. Empty if there are fewer than 4, or all score alike.

    Args:
        study: The study.
    """
    optuna = load_optuna()
    trials = finished_trials(study)
    if len(trials) < 4 or len({last_score(trial) for trial in trials}) == 1:
        return {}
    whole = optuna.create_study(direction="maximize")
    for trial in trials:
        whole.add_trial(
            optuna.trial.create_trial(
                value=last_score(trial), params=trial.params, distributions=trial.distributions
            )
        )
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return optuna.importance.get_param_importances(whole, evaluator=evaluator)


def best_first(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """The complete trials by score, then the pruned ones by their last score.

    Args:
        study: The study.
    """

    def rank(trial: Any) -> tuple[bool, float]:
        return is_pruned(trial), -last_score(trial)

    return sorted(finished_trials(study), key=rank)


def measure_best(training: Training, study: optuna.Study) -> tuple[Sequential, dict[str, float]]:
    """The model of the best trial, trained once more, and its scores on all three parts.

    This is the only time that the test rows are read. `gap` is how much the best of many
    validation accuracies is above the test accuracy.

    Args:
        training: The objective.
        study: The study.
    """
    # the last round of halving may have fewer than the training
    epochs = max(study.best_trial.intermediate_values) + 1
    model, split = replace(training, epochs=epochs)(study.best_params, [])
    with minigrad.device(training.device):
        parts = {"training": split.train, "validation": split.validation, "test": split.test}
        scores = {
            f"{part}_accuracy": model.evaluate(*rows, verbose=0)[1] for part, rows in parts.items()
        }
    return model, scores | {"gap": scores["validation_accuracy"] - scores["test_accuracy"]}
