"""What the watcher says: findings, the warning that carries them, and the rules by name."""

from __future__ import annotations

from dataclasses import dataclass

RULES = {
    "probabilities_to_logits_loss": (
        "A loss that expects logits (from_logits=True) gets probabilities."
    ),
    "logits_to_probability_loss": (
        "A loss that expects probabilities gets other values, such as logits: outside of 0..1, or "
        "rows that do not add up to 1."
    ),
    "softmax_twice": "A softmax is taken of what a softmax has made.",
    "softmax_over_one_unit": "A softmax over one unit is 1, whatever its input.",
    "label_encoding": (
        "The labels are written in another encoding than the loss expects: one-hot rows in place "
        "of class numbers or the reverse, -1 and 1 in place of 0 and 1, classes counted from 1, "
        "class numbers as the amounts of a regression."
    ),
    "labels_out_of_domain": "Labels lie outside of what the loss, or the last layer, can reach.",
    "gradients_never_cleared": "Gradients of earlier steps are still in .grad: each step adds.",
    "evaluation_in_training_mode": (
        "The model is evaluated in training mode: dropout drops, batch norm uses the batch."
    ),
    "unreached_parameters": "The loss does not depend on parameters that are to be trained.",
    "foreign_parameters": (
        "The optimizer holds parameters that the loss does not depend on, or lacks some of the "
        "model."
    ),
    "diverging_loss": "The loss grows far beyond where it began.",
    "nan_loss": "The loss is NaN or infinite; the first layer that gives such a value is named.",
    "dead_relu": "Most units of a ReLU layer give 0 for every row: they learn no more.",
    "saturated_gates": (
        "The gates of a recurrent layer, or the outputs of a hidden sigmoid or tanh, stand at "
        "their ends, where gradients vanish."
    ),
    "unscaled_inputs": "The inputs are far larger than 1: they were not scaled.",
    "updates_too_large": "A step changes the weights of a layer by a large part of their size.",
    "updates_too_small": "Steps leave the weights of a layer practically as they are.",
    "batch_norm_on_one_row": "Batch normalization in training gets batches of one row.",
    "validation_in_training": "Rows of the validation data are rows of the training data as well.",
    "sorted_labels": "The labels are sorted and the rows not shuffled: batches hold one class.",
    "constant_prediction": "The model predicts the same for every row.",
    "class_never_predicted": (
        "A class that occurs often in the data is never predicted, or cannot be: it has no rows to "
        "train on, its rows weigh 0, or its output begins far below the others."
    ),
}


class TrainingWarning(UserWarning):
    """A finding of the watcher: something that looks wrong in a training.

    Args:
        message: What looks wrong, where, and what to do.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore", minigrad.TrainingWarning)
        ...     warnings.warn("dense: all units give 0", minigrad.TrainingWarning)
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


@dataclass(frozen=True)
class Finding:
    """Something that looks wrong in a training; `str(finding)` is the sentence.

    Args:
        rule: The rule that found it, one of RULES.
        where: The path of the layer, or the argument that it is about, such as "y",
            "validation_data" or "optimizer".
        message: What looks wrong.
        advice: What to do.
        step: The number of steps before it was found.

    Example:
        >>> finding = Finding("dead_relu", "dense_1", "all units give 0", "lower the rate", 60)
        >>> print(finding)
        dense_1: all units give 0. Lower the rate.
    """

    rule: str
    where: str
    message: str
    advice: str
    step: int

    def __str__(self) -> str:
        """Where, what, and what to do."""
        advice = self.advice[:1].upper() + self.advice[1:]
        return f"{self.where}: {self.message}. {advice}."
