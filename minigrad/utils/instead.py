"""What stands here in the place of names that Keras has and minigrad has not.

A module ends with `__getattr__ = explain_missing("layers")`; a wrong name then says what to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from ..arguments import nearest

# by home and name: the module below minigrad where Keras's name is defined, if its home must not
# import that module, or not so early
ELSEWHERE = {
    "backend.clear_session": "utils.tools",
    "backend.epsilon": "config",
    "backend.floatx": "config",
    "backend.image_data_format": "config",
    "backend.is_keras_tensor": "layers.sources",
    "backend.set_floatx": "config",
    "backend.set_image_data_format": "config",
    "backend.standardize_dtype": "utils.tools",
    "utils.array_to_img": "data.image_files",
    "utils.get_source_inputs": "layers.sources",
    "utils.image_dataset_from_directory": "data.directories",
    "utils.img_to_array": "data.image_files",
    "utils.is_keras_tensor": "layers.sources",
    "utils.load_img": "data.image_files",
    "utils.plot_model": "plots",
    "utils.save_img": "data.image_files",
    "utils.split_dataset": "data.loader",
    "utils.text_dataset_from_directory": "data.directories",
    "utils.timeseries_dataset_from_array": "data.timeseries",
}

# by home and name: what to write; names of minigrad stand in backticks
INSTEAD = {
    # ---- minigrad ----
    "KerasTensor": "`minigrad.Input(shape)` makes the symbolic tensors of functional models",
    "Function": "`minigrad.Model(inputs, outputs)`",
    "mixed_precision": "`minigrad.set_floatx` chooses one type for all",
    "quantizers": "8-bit weights are beyond this library",
    "distribution": "one process computes; the data-parallel forms are beyond this library",
    "keras": "`import minigrad as keras`: layers, optimizers and the rest stand right under it",
    "nn": "`minigrad.ops` and `minigrad.layers`",
    "no_gradient": "`minigrad.no_grad()`",
    "stop_gradient": "`minigrad.ops.stop_gradient(x)`",
    "tree": "dicts and lists of arrays are taken as they are",
    # ---- models ----
    # ---- layers ----
    "layers.Conv3D": "volumes are beyond this library: fold depth into the channels of a Conv2D",
    "layers.MaxPooling3D": "volumes are beyond this library",
    "layers.AveragePooling3D": "volumes are beyond this library",
    "layers.ConvLSTM2D": "TimeDistributed(Conv2D(...)) before an LSTM is the near form",
    "layers.TextVectorization": "`minigrad.data.tokenizers` split and count words",
    "layers.StringLookup": "`minigrad.data.tokenizers` number words",
    "layers.IntegerLookup": "`numpy.unique(x, return_inverse=True)`",
    "layers.CategoryEncoding": "`minigrad.utils.to_categorical`, or the layer Embedding",
    "layers.Discretization": "`numpy.digitize(x, edges)`",
    "layers.Hashing": "beyond this library",
    "layers.RandomErasing": "`minigrad.data.augmentation.RandomErasing` in a Dataset's transform",
    "layers.EinsumDense": "`minigrad.ops.einsum` in a layer of your own, or Dense",
    "layers.Wrapper": "`minigrad.layers.Layer`: a layer may hold another one",
    "layers.InputSpec": "a layer's `input_rank` and `build` check the input",
    "layers.CuDNNLSTM": "the layer LSTM",
    "layers.CuDNNGRU": "the layer GRU",
    # ---- optimizers ----
    "optimizers.Ftrl": "for sparse linear models on a server; here `minigrad.optimizers.Adagrad`",
    "optimizers.Adafactor": "saves memory of huge models; here `minigrad.optimizers.Adam`",
    "optimizers.Lamb": "for batches of ten thousands; here `minigrad.optimizers.AdamW`",
    "optimizers.LossScaleOptimizer": "float16 parameters are stepped in float32 as they are",
    "optimizers.legacy": "the optimizers of today stand in `minigrad.optimizers`",
    # ---- losses and metrics ----
    "losses.CTC": "alignment of speech is beyond this library",
    # ---- callbacks ----
    "callbacks.TensorBoard": "CSVLogger writes a table, `minigrad.plots` draws it",
    "callbacks.RemoteMonitor": "CSVLogger, or a LambdaCallback that sends",
    "callbacks.ProgbarLogger": "ProgressBar",
    # ---- utils ----
    "utils.model_to_dot": "`minigrad.plots.plot_model` draws without Graphviz",
    "utils.get_file": "`urllib.request.urlretrieve`; the digits are here without a download",
    "utils.multi_gpu_model": "one GPU computes",
    # ---- initializers, regularizers ----
    "datasets.cifar10": "downloads are beyond this library: digits28 has images of 28x28",
    "datasets.cifar100": "downloads are beyond this library",
    "datasets.fashion_mnist": "downloads are beyond this library: digits28 has images of 28x28",
    "datasets.boston_housing": "`minigrad.datasets.diabetes` is a regression",
    "datasets.california_housing": "`minigrad.datasets.diabetes` is a regression",
    "datasets.reuters": "downloads are beyond this library",
    # ---- what an optimizer has in Keras 2, or in PyTorch ----
    "Optimizer.lr": "`learning_rate`, which `learning_rate.assign(value)` sets too",
    "Optimizer.get_gradients": "`minigrad.grad(loss, weights)`",
    "Optimizer.step": "`apply(gradients, weights)`",
    "Optimizer.zero_grad": "`minigrad.grad` returns gradients; nothing has to be cleared",
    # ---- what a model or layer has in Keras ----
    "Model.add_metric": "a metric as an attribute, `self.m = Mean()`, is reset and reported",
    "Model.make_train_function": "override `train_step`: there is no function to compile",
    "Model.make_test_function": "override `test_step`: there is no function to compile",
    "Model.make_predict_function": "override `predict_step`: there is no function to compile",
    "Model.fit_generator": "`fit` takes generators and Datasets",
    "Model.predict_generator": "`predict` takes generators and Datasets",
    "Model.evaluate_generator": "`evaluate` takes generators and Datasets",
    "Model.predict_classes": "`predict(x).argmax(-1)`",
    "Model.predict_proba": "`predict(x)`",
    "Model.parameters": "`weights` and `trainable_weights` are lists",
    "Model.state_dict": "`save_weights` and `get_weights`",
    "Model.zero_grad": "`minigrad.grad` returns gradients; nothing has to be cleared",
    "Model.train": "`with minigrad.training():`",
    "Model.eval": "`with minigrad.training(False):`; `predict` and `evaluate` do so",
    "Model.cuda": '`to("cuda")`',
    "Model.export": "`save_weights` writes safetensors, which other frameworks read",
    "Model.quantize": "8-bit weights are beyond this library",
    # ---- settings of Keras's own machinery ----
    **dict.fromkeys(
        ["DTypePolicy", "FloatDTypePolicy", "dtype_policies", "config.dtype_policy"],
        "`minigrad.set_floatx` chooses one type for all",
    ),
    "config.set_dtype_policy": "`minigrad.set_floatx` chooses one type for all",
    **dict.fromkeys(
        ["StatelessScope", "SymbolicScope", "name_scope"], "calls need no scope: leave it out"
    ),
    **dict.fromkeys(["RematScope", "remat"], "all of a graph is kept: smaller batches need less"),
    "InputSpec": "a layer's `input_rank` and `build` check the input",
    "Operation": "`minigrad.primitive` makes an op, `minigrad.Layer` a layer",
    "Quantizer": "8-bit weights are beyond this library",
    "distillation": "a `train_step` of your own trains a student with a teacher",
    "export": "`Model.save_weights` writes safetensors, which other frameworks read",
    "legacy": "what stands here is Keras 3's",
    "visualization": "`minigrad.plots` draws images, `minigrad.plots.images`",
    "backend.get_uid": "names are counted by the model that holds the layers",
    "backend.is_float_dtype": "`numpy.issubdtype(dtype, numpy.floating)`",
    "backend.is_int_dtype": "`numpy.issubdtype(dtype, numpy.integer)`",
    "backend.result_type": "`numpy.result_type`",
    **dict.fromkeys(
        ["backend.set_epsilon", "config.set_epsilon"],
        "losses clip at 1e-7, optimizers have an option epsilon",
    ),
    "config.set_backend": "`minigrad.set_device` chooses NumPy or CuPy",
    **dict.fromkeys(
        [
            f"{home}.{name}_interactive_logging"
            for home in ("config", "utils")
            for name in ("enable", "disable")
        ],
        "fit, evaluate and predict have verbose=",
    ),
    **dict.fromkeys(
        [f"{home}.is_interactive_logging_enabled" for home in ("config", "utils")],
        "fit, evaluate and predict have verbose=",
    ),
    **dict.fromkeys(
        [f"config.{name}_flash_attention" for name in ("enable", "disable")],
        "attention is computed in tiles wherever that pays",
    ),
    "config.is_flash_attention_enabled": "attention is computed in tiles wherever that pays",
    **dict.fromkeys(
        [f"config.{name}_traceback_filtering" for name in ("enable", "disable")],
        "tracebacks are whole",
    ),
    "config.is_traceback_filtering_enabled": "tracebacks are whole",
    "config.enable_unsafe_deserialization": "a file runs no code, whatever is set",
    "config.is_nnx_enabled": "NumPy computes, and CuPy after `minigrad.set_device`",
    **dict.fromkeys(
        ["config.max_epochs", "config.set_max_epochs"], "`Model.fit` has epochs=: no limit stands"
    ),
    **dict.fromkeys(
        ["config.max_steps_per_epoch", "config.set_max_steps_per_epoch"],
        "`Model.fit` has steps_per_epoch=: no limit stands",
    ),
    # ---- more of Keras's names ----
    "callbacks.OrbaxCheckpoint": "ModelCheckpoint, or BackupAndRestore",
    **dict.fromkeys(
        ["initializers.STFT", "initializers.STFTInitializer", "initializers.stft"],
        "spectrograms are beyond this library: scipy.signal.stft before training",
    ),
    "losses.ctc": "alignment of speech is beyond this library",
    "optimizers.MultiOptimizer": "one optimizer for each part, in a `train_step` of your own",
    "optimizers.OptimizerMap": "one optimizer for each part, in a `train_step` of your own",
    "optimizers.Muon": "for matrices of huge models; here `minigrad.optimizers.AdamW`",
    "optimizers.ScheduleFreeAdamW": "`minigrad.optimizers.AdamW` with use_ema=True",
    "utils.Config": "a dict, or `types.SimpleNamespace`",
    "utils.FeatureSpace": "scikit-learn's ColumnTransformer before training",
    "utils.audio_dataset_from_directory": "scipy.io.wavfile, then `minigrad.data.Dataset`",
    "utils.bounding_boxes": "detection is beyond this library",
    "utils.legacy": "what stands here is Keras 3's",
}


def explain_missing(home: str, known: Iterable[str]) -> Callable[[str], Any]:
    """The `__getattr__` of a module: what stands elsewhere, or an error that says what to write.

    Args:
        home: The name of the module below minigrad; "" for minigrad itself.
        known: The names that the module has.

    Example:
        >>> explain_missing("optimizers", ["Adam"])("Ftrl")
        Traceback (most recent call last):
        AttributeError: minigrad.optimizers has no Ftrl: for sparse linear models on a server; \
here `minigrad.optimizers.Adagrad`
    """
    prefix = f"{home}." if home else ""
    module = f"minigrad.{home}".rstrip(".")

    def missing(name: str) -> Any:
        if prefix + name in ELSEWHERE:
            return getattr(import_module(f"minigrad.{ELSEWHERE[prefix + name]}"), name)
        line = INSTEAD.get(prefix + name)
        if line is None and not name.startswith("_"):
            found = nearest(name, known)
            line = found and f"did you mean {found!r}?"
        raise AttributeError(f"{module} has no {name}" + (f": {line}" if line else ""))

    return missing


def explain_missing_method(thing: Any, name: str, home: str = "Model") -> AttributeError:
    """The error for an attribute that a layer, a model or an optimizer lacks.

    Args:
        thing: The layer, model or optimizer.
        name: The attribute.
        home: The home of its lines: "Model", of layers too, or "Optimizer".

    Example:
        >>> model = minigrad.Sequential()
        >>> print(explain_missing_method(model, "predict_proba"))
        Sequential has no attribute 'predict_proba': `predict(x)`
    """
    line = INSTEAD.get(f"{home}.{name}")
    kind = type(thing).__name__
    if line is None and not name.startswith("_"):
        found = nearest(name, [known for known in dir(type(thing)) if known[0] != "_"])
        line = found and f"did you mean {found!r}?"
    return AttributeError(f"{kind} has no attribute {name!r}" + (f": {line}" if line else ""))
