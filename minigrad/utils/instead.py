"""What stands here in the place of names that Keras has and minigrad has not.

A module ends with `__getattr__ = explain_missing("layers")`; a wrong name then says what to write.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from types import FrameType
from typing import Any

from ..arguments import nearest

IMPORT_FROM = dis.opmap["IMPORT_FROM"]

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
    "distribution": "minigrad.distributed.initialize() in each of the processes that mpiexec starts",
    "reduce_sum": "`minigrad.sum`",
    "reduce_mean": "`minigrad.mean`",
    "reduce_max": "`minigrad.ops.max`",
    "reduce_min": "`minigrad.ops.min`",
    "math": "`minigrad.ops`",
    "concat": "`minigrad.concatenate`",
    "range": "`minigrad.ops.arange`",
    "newaxis": "None, as in NumPy: `x[:, None]`",
    "float32": "types go by their names, `dtype='float32'`",
    "int32": "types go by their names, `dtype='int32'`",
    "TensorSpec": "leave it out: a function takes arrays of all shapes",
    "UnconnectedGradients": "`tape.gradient(y, x, unconnected_gradients='zero')`",
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
    "layers.Wrapper": "`minigrad.layers.Layer`: a layer may hold another one",
    "layers.InputSpec": "a layer's `input_rank` and `build` check the input",
    "layers.CuDNNLSTM": "the layer LSTM",
    "layers.CuDNNGRU": "the layer GRU",
    # ---- ops ----
    "ops.while_loop": "Python's own `while`: there is no graph to compile",
    "ops.fori_loop": "Python's own `for`: there is no graph to compile",
    "ops.cond": "Python's own `if`, or `minigrad.ops.where` for each element",
    "ops.switch": "Python's own `if`, or `minigrad.ops.select` for each element",
    "ops.map": "Python's own `for`, and `minigrad.ops.stack` of the results",
    "ops.vectorized_map": "ops work on all rows at once, or `minigrad.ops.stack` of a list",
    "ops.vectorize": "ops work on all elements at once",
    "ops.scan": "Python's own `for`, and `minigrad.ops.stack` of the results",
    "ops.associative_scan": "`minigrad.ops.cumsum`, `minigrad.ops.cumprod`, or a `for`",
    "ops.custom_gradient": "`minigrad.primitive` and its `gradients`",
    "ops.jvp": "`minigrad.grad` of a gradient: derivatives of every order",
    "ops.get_item": "`x[index]`",
    "ops.saturate_cast": "`minigrad.ops.clip`, then `minigrad.ops.cast`",
    "ops.view": "`minigrad.ops.cast`",
    "ops.argpartition": "`minigrad.ops.argsort`, or `minigrad.ops.top_k`",
    "ops.cdist": "`minigrad.ops.norm(a[:, None] - b, axis=-1)`",
    "ops.corrcoef": "`numpy.corrcoef`",
    "ops.correlate": "`minigrad.ops.conv` of sequences",
    "ops.vander": "`x[:, None] ** minigrad.ops.arange(n)`",
    "ops.geomspace": "`minigrad.ops.logspace`, of exponents",
    "ops.erfinv": "`scipy.special.erfinv`, which has no gradient",
    "ops.i0": "`numpy.i0`, which has no gradient",
    "ops.fmod": "`a - b * minigrad.ops.trunc(a / b)`",
    "ops.isposinf": '`x == float("inf")`',
    "ops.isneginf": '`x == -float("inf")`',
    "ops.nextafter": "`numpy.nextafter`",
    "ops.ldexp": "`x * 2.0 ** n`",
    "ops.gcd": "`numpy.gcd`",
    "ops.lcm": "`numpy.lcm`",
    "ops.segment_prod": "`minigrad.ops.exp(minigrad.ops.segment_sum(minigrad.ops.log(x), ids))`",
    "ops.adaptive_average_pool": "`minigrad.ops.average_pool` with a pool_size of your own",
    "ops.adaptive_max_pool": "`minigrad.ops.max_pool` with a pool_size of your own",
    "ops.depth_to_space": "`minigrad.ops.reshape` and `minigrad.ops.transpose`",
    "ops.space_to_depth": "`minigrad.ops.reshape` and `minigrad.ops.transpose`",
    "ops.rearrange": "`minigrad.ops.reshape`, `minigrad.ops.transpose` or `minigrad.ops.einsum`",
    "ops.unfold": "`minigrad.ops.im2col`",
    "ops.fold": "`minigrad.ops.col2im`",
    "ops.extract_sequences": "`minigrad.ops.stack` of slices, or `minigrad.data.windows`",
    **dict.fromkeys(
        ["ops.nanmedian", "ops.nanquantile", "ops.nanpercentile"],
        "`minigrad.ops.quantile(x[~minigrad.ops.isnan(x)], q)`",
    ),
    "ops.nancumsum": "`minigrad.ops.cumsum(minigrad.ops.nan_to_num(x))`",
    "ops.nancumprod": "`minigrad.ops.cumprod(minigrad.ops.nan_to_num(x, nan=1.0))`",
    "ops.nanargmax": "`minigrad.ops.argmax(minigrad.ops.nan_to_num(x, nan=-float('inf')))`",
    "ops.nanargmin": "`minigrad.ops.argmin(minigrad.ops.nan_to_num(x, nan=float('inf')))`",
    **dict.fromkeys(
        [f"ops.{name}" for name in ("bartlett", "blackman", "hamming", "hanning", "kaiser")],
        "windows of signals are NumPy's: `numpy.hanning`",
    ),
    **dict.fromkeys(
        [f"ops.bitwise_{name}" for name in ("and", "invert", "not", "or", "xor")]
        + [f"ops.{way}_shift" for way in ("left", "right", "bitwise_left", "bitwise_right")],
        "bits are NumPy's: `numpy.bitwise_and`; of bools `minigrad.ops.logical_and`",
    ),
    **dict.fromkeys(
        [f"ops.{name}" for name in ("angle", "conj", "conjugate", "imag", "isreal", "polar")]
        + ["ops.real", "ops.view_as_complex", "ops.view_as_real"],
        "all numbers are real",
    ),
    **dict.fromkeys(
        [f"ops.{name}" for name in ("fft", "fft2", "ifft2", "rfft", "irfft", "stft", "istft")],
        "spectra are beyond this library: `numpy.fft` before training",
    ),
    **dict.fromkeys(
        [f"ops.{name}" for name in ("cholesky", "cholesky_inverse", "eig", "eigh", "lstsq")]
        + [f"ops.{name}" for name in ("lu_factor", "matrix_rank", "pinv", "qr", "svd")]
        + ["ops.solve_triangular"],
        "`numpy.linalg`; with gradients `minigrad.ops.inv` and `minigrad.ops.solve`",
    ),
    **dict.fromkeys(["ops.logdet", "ops.slogdet"], "`minigrad.ops.log(minigrad.ops.det(x))`"),
    **dict.fromkeys(
        ["ops.ctc_loss", "ops.ctc_decode"], "alignment of speech is beyond this library"
    ),
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
    # ---- what an optimizer has in Keras 2, or in PyTorch ----
    "Optimizer.lr": "`learning_rate`, which `learning_rate.assign(value)` sets too",
    "Optimizer.get_gradients": "`minigrad.grad(loss, weights)`",
    "Optimizer.step": "`apply(gradients, weights)`",
    "Optimizer.zero_grad": "`minigrad.grad` returns gradients; nothing has to be cleared",
    # ---- what a model or layer has in Keras ----
    "Model.add_metric": "a metric as an attribute, `self.m = Mean()`, is reset and reported",
    "Model.add_update": "assign in `call`: `self.total.assign_add(x)`",
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
    # ---- applications ----
    **dict.fromkeys(
        [
            f"applications.{name}"
            for name in (
                "convnext densenet efficientnet efficientnet_v2 inception_resnet_v2 inception_v3 "
                "mobilenet mobilenet_v2 mobilenet_v3 nasnet resnet_v2 xception "
                "ConvNeXtBase ConvNeXtLarge ConvNeXtSmall ConvNeXtTiny ConvNeXtXLarge DenseNet121 "
                "DenseNet169 DenseNet201 EfficientNetV2L EfficientNetV2M EfficientNetV2S "
                "InceptionResNetV2 InceptionV3 MobileNet MobileNetV2 MobileNetV3Large "
                "MobileNetV3Small NASNetLarge NASNetMobile ResNet101V2 ResNet152V2 ResNet50V2 "
                "Xception "
                + " ".join(f"EfficientNetB{i}" for i in range(8))
                + " "
                + " ".join(f"EfficientNetV2B{i}" for i in range(4))
            ).split()
        ],
        "ResNet50 and VGG16 stand in `minigrad.applications`; Inception in `models/`",
    ),
    # ---- more layers ----
    **dict.fromkeys(
        [
            f"layers.{name}"
            for name in [
                "AdaptiveAveragePooling3D",
                "AdaptiveMaxPooling3D",
                "AvgPool3D",
                "Conv3DTranspose",
                "Convolution3D",
                "Convolution3DTranspose",
                "Cropping3D",
                "GlobalAveragePooling3D",
                "GlobalAvgPool3D",
                "GlobalMaxPool3D",
                "GlobalMaxPooling3D",
                "MaxPool3D",
                "SpatialDropout3D",
                "UpSampling3D",
                "ZeroPadding3D",
            ]
        ],
        "volumes are beyond this library: fold depth into the channels of a Conv2D",
    ),
    **dict.fromkeys(
        ["layers.ConvLSTM1D", "layers.ConvLSTM3D"],
        "TimeDistributed(Conv1D(...)) before an LSTM is the near form",
    ),
    **dict.fromkeys(
        [f"layers.Adaptive{kind}Pooling{n}D" for kind in ("Average", "Max") for n in (1, 2)],
        "the pooling layers with a pool_size that divides the input, or GlobalAveragePooling2D",
    ),
    **dict.fromkeys(
        [
            f"layers.{name}"
            for name in [
                "AugMix",
                "AutoContrast",
                "ContrastLimitedAdaptiveHistogramEqualization",
                "CutMix",
                "Equalization",
                "MixUp",
                "RandAugment",
                "RandomColorDegeneration",
                "RandomColorJitter",
                "RandomElasticTransform",
                "RandomGaussianBlur",
                "RandomGrayscale",
                "RandomHue",
                "RandomInvert",
                "RandomPerspective",
                "RandomPosterization",
                "RandomSaturation",
                "RandomSharpness",
                "RandomShear",
                "Solarization",
            ]
        ],
        "`minigrad.data.augmentation` in a Dataset's transform has the most used ones",
    ),
    "layers.Pipeline": "`minigrad.Sequential`, or augmentation.Compose",
    "layers.MaxNumBoundingBoxes": "detection is beyond this library",
    "layers.MelSpectrogram": "scipy.signal.stft before training",
    "layers.STFTSpectrogram": "scipy.signal.stft before training",
    "layers.HashedCrossing": "beyond this library",
    "layers.GroupQueryAttention": "the layer MultiHeadAttention",
    "layers.ReversibleEmbedding": "the layer Embedding, and its transposed matrix in a head",
    **dict.fromkeys(
        [f"layers.{name}" for name in ("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper")],
        "models of other frameworks are read by their weights, safetensors",
    ),
    "saving.KerasFileEditor": "h5py opens the file",
    "saving.load_weights": "`Model.load_weights(path)`",
    "saving.save_weights": "`Model.save_weights(path)`",
    # ---- names of Keras 2 ----
    "experimental": "what was tried there stands in its home now",
    "layers.experimental": "its layers stand in `minigrad.layers`",
    "layers.merge": "`minigrad.layers.concatenate`, add and their kin",
    "preprocessing.text": "`minigrad.data.WordVocabulary` counts and numbers words",
    "preprocessing.image.ImageDataGenerator": "`minigrad.data.image_dataset_from_directory`, and "
    "the layers RandomFlip, RandomRotation and their kin",
    "preprocessing.sequence.TimeseriesGenerator": "`minigrad.data.timeseries_dataset_from_array`",
    "utils.np_utils": "`minigrad.utils.to_categorical`",
    "utils.vis_utils": "`minigrad.utils.plot_model`",
    "utils.generic_utils": "`minigrad.utils.Progbar`",
    "wrappers.scikit_learn": "`minigrad.wrappers.SKLearnClassifier` and SKLearnRegressor",
    "wrappers.KerasClassifier": "`minigrad.wrappers.SKLearnClassifier`",
    "wrappers.KerasRegressor": "`minigrad.wrappers.SKLearnRegressor`",
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
        line = INSTEAD.get(prefix + name) or _other_home(name)
        if line is None and not name.startswith("_"):
            found = nearest(name, known)
            line = f"did you mean {found!r}?" if found else ""
        # in place of an AttributeError Python itself would say "cannot import name", and no more
        kind = ImportError if _imports_from(sys._getframe(1)) else AttributeError
        raise kind(f"{module} has no {name}" + (f": {line}" if line else ""))

    return missing


def _other_home(name: str) -> str | None:
    """Where else a name stands: the ops that Keras 2 kept in its backend, a layer, a loss."""
    for home in ("layers", "ops", "optimizers", "losses", "metrics", "callbacks", "utils"):
        module = sys.modules.get(f"minigrad.{home}")
        if name in getattr(module, "__all__", ()):
            return f"`minigrad.{home}.{name}`"
    return None


def _imports_from(frame: FrameType | None) -> bool:
    """True if a frame stands at `from module import name`."""
    while frame is not None and frame.f_code.co_name == "__getattr__":
        frame = frame.f_back
    return frame is not None and frame.f_code.co_code[frame.f_lasti] == IMPORT_FROM


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
