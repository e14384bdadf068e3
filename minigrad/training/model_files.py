"""The configuration of a model, and its files: weights, checkpoints, archives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..arguments import parameters_of
from ..config import is_first_process
from ..engine.symbolic import is_symbolic
from ..layers.building import unbuilt_if_it_fails
from ..utils.files import PathLike
from ..utils.serialization import CustomObjectScope, deserialize
from . import archive, checkpoints, saving
from .configuration import connect, graph_config, input_config, new_inputs, replay, shape_config
from .functional import GraphModel

# what the constructor of a functional model takes, and what its configuration holds
OF_GRAPHS = {*parameters_of(GraphModel), "layers", "input_layers", "output_layers"}


class ModelFiles(GraphModel):
    """A model that can be described, saved and loaded.

    Args:
        inputs: Symbolic tensors: one, or a list, tuple or dict; None for a subclass with a `call`.
        outputs: The same.
        name: Name of the model.
        trainable: False freezes all parameters.
        input_shape: Shape of one input, without the batch axis.
        input_dim: Short for input_shape=(input_dim,).
    """

    explained = "save load save_weights load_weights"
    _compiled_with: dict[str, Any] | None = None  # the arguments of compile besides the optimizer
    _resumed: tuple[int, list[Any], list[str]] | None = None  # for the fit after load
    _built_for: Any = None  # the arguments of the first call, for a model that is no graph

    def build(self, input_shape: Any) -> None:
        """Make the parameters; called by hand, also those of the layers within.

        Args:
            input_shape: Shape of the first input, batch axis included, which may be None; a list of
                shapes where the input is a list.

        Raises:
            ValueError: If another length than that of the batch or of sequences is None.
        """
        if self._built_for is None:
            several = isinstance(input_shape[0], (list, tuple))
            shapes = [shape_config(shape, "int64") for shape in input_shape] if several else None
            x = shapes or shape_config(input_shape, "int64")
            self._built_for = {"args": [x], "kwargs": {}}
        super().build(input_shape)

    def _first_call(self, x: Any, *others: Any, **options: Any) -> Any:
        with unbuilt_if_it_fails(self):
            self._built_for = {"args": input_config([x, *others]), "kwargs": input_config(options)}
            return super()._first_call(x, *others, **options)

    # ---- configuration ---------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """What makes a model like this one, without its weights.

        Of a model of symbolic tensors its layers and their calls, in Keras's form; of a subclass
        with a constructor of its own the arguments, like those of a layer.
        """
        args, options, _ = self._arguments()
        if self._graph is None or not is_symbolic([*args, *options.values()]):
            return super().get_config()
        others = {
            name: value
            for name, value in super().get_config().items()
            if name not in OF_GRAPHS and not is_symbolic(value)
        }
        own = {"name": self.name, "trainable": self.trainable}
        return {**own, **graph_config(self._graph), **others}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """The model that a configuration describes, with new weights, and not compiled.

        Args:
            config: What `get_config` returned.
            custom_objects: Classes and functions of your own by name.

        Raises:
            TypeError: If it does not fit the constructor.
            ValueError: If it does not, or names what is not there.
        """
        with CustomObjectScope(custom_objects or {}):
            if "input_layers" not in config:
                return super().from_config(config)
            inputs, outputs = connect(config)
            others = {key: deserialize(config[key]) for key in config.keys() - OF_GRAPHS}
            model = cls(inputs, outputs, name=config.get("name"), **others)
        if config.get("trainable") is False:
            model._trainable = False
        return model

    def to_json(self, indent: int | None = None) -> str:
        """The architecture as a text, from which `minigrad.models.model_from_json` makes it.

        Args:
            indent: Number of blanks by which each level stands further right; None for one line.

        Raises:
            TypeError: If a layer has no description, like a Lambda of a lambda.
        """
        return json.dumps(archive.describe(self), allow_nan=False, indent=indent)

    def _cloned(self, clone: Callable[[Any], Any], input_tensors: Any) -> Any:
        """A model of the same architecture whose layers `clone` makes, on given inputs or new."""
        if self._graph is None:
            if input_tensors is not None:
                raise ValueError(
                    f"{type(self).__name__} is no functional model: it has no inputs to replace"
                )
            return clone(self)
        inputs = new_inputs(self, input_tensors)
        return type(self)(inputs, replay(self._graph, inputs, clone), name=self.name)

    # ---- files -----------------------------------------------------------------------------------

    def save_weights(self, filepath: PathLike, overwrite: bool = True) -> None:
        """Write all parameters: net.safetensors, by path in the model, or Keras's net.weights.h5.

        Of several processes that train together the first one writes.

        Args:
            filepath: The file; a process that is killed on the way leaves an older one as it was.
            overwrite: False refuses to replace a file.

        Raises:
            FileExistsError: If there is a file, and overwrite is False.
            ValueError: If the model is not built, or the name of the file promises another format.
        """
        weights = self._built_weights("save_weights")
        saving.check_target(filepath, "weights", overwrite)
        if not is_first_process():
            return
        if Path(filepath).suffix.lower() in saving.OF_KERAS:
            from . import keras_writer

            keras_writer.write_weights(filepath, self)
        else:
            saving.save_safetensors(filepath, {name: p.data for name, p in weights.items()})

    def load_weights(self, filepath: PathLike, skip_mismatch: bool = False) -> None:
        """Read parameters by path in the model, from a file of weights, a checkpoint or an archive.

        Args:
            filepath: The file; or weights that Keras wrote, net.weights.h5 or net.keras.
            skip_mismatch: Whether to load what fits, instead of refusing what does not.

        Raises:
            ValueError: If the model is not built, or something does not fit: everything that does
                not is listed, and nothing is changed.
        """
        weights = self._built_weights("load_weights")
        if Path(filepath).suffix.lower() in saving.OF_KERAS:
            from . import keras_files

            keras_files.load_h5(filepath, self, keras_files.read_h5(filepath), False, skip_mismatch)
            return
        data = archive.read_checkpoint(filepath) if archive.is_archive(filepath) else None
        saving.load_weights(filepath, weights, skip_mismatch, data)

    def save(self, filepath: PathLike, epoch: int = 0, *, overwrite: bool = True) -> None:
        """Write the model: an archive net.minigrad, Keras's net.keras, or a checkpoint.

        A checkpoint holds weights, optimizer, random generator, epoch and states of layers; in fit
        also the states of the callbacks. An archive holds architecture and compile's arguments too,
        and `minigrad.models.load_model` makes the model of it. So it does of net.keras, which Keras
        reads as well, and which holds neither generator nor epoch. Of several processes that train
        together the first one writes.

        Args:
            filepath: The file: net.minigrad, net.keras, or any other name for a checkpoint.
            epoch: Number of epochs trained, which `load` returns.
            overwrite: False refuses to replace a file.

        Raises:
            FileExistsError: If there is a file, and overwrite is False.
            TypeError: If an archive cannot hold a layer, like a Lambda of a lambda.
            ValueError: If the model is not built, or the name of the file promises another format.
        """
        weights = self._built_weights("save")
        saving.check_target(filepath, "model", overwrite)
        if not is_first_process():
            return
        if archive.is_archive(filepath):
            archive.write_archive(filepath, self, epoch)
        elif Path(filepath).suffix.lower() in saving.OF_KERAS:
            from . import keras_writer

            keras_writer.write_keras(filepath, self)
        else:
            checkpoints.save_checkpoint(filepath, self, weights, epoch)

    def load(self, path: PathLike) -> int:
        """Restore a checkpoint that `save` wrote, or the one in an archive.

        Args:
            path: The file.

        Returns:
            Its epoch; fit(initial_epoch=...) then continues bit for bit, its callbacks too.

        Raises:
            ValueError: If the model is not built, or not compiled with the optimizer of the
                checkpoint; nothing is changed then.
        """
        weights = self._built_weights("load")
        data = archive.read_checkpoint(path) if archive.is_archive(path) else None
        return checkpoints.load_checkpoint(path, self, weights, data)

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of the last `compile`, with the optimizer as it is now; {} before one."""
        return archive.compile_config(self)

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile with what `get_compile_config` returned.

        Args:
            config: The configuration.
        """
        self.compile(**deserialize(dict(config)))
