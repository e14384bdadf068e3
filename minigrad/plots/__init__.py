"""Figures drawn with matplotlib: `minigrad.plots.history(...)` and so on.

Each function returns a Figure; `path="file.png"` writes it to a file instead of leaving it to
pyplot. `compute_*` return the numbers behind a figure. matplotlib is imported by the first figure.
"""

from .functions import (
    ACTIVATIONS,
    activations,
    decision_boundaries,
    losses,
    trajectories,
    value_and_derivative,
)
from .graphs import plot_model
from .images import as_images, image_grid, predictions, samples, show_image
from .networks import (
    compute_feature_maps,
    compute_grad_cam,
    compute_gradient_norms,
    compute_saliency,
    feature_maps,
    filters,
    grad_cam,
    gradient_norms,
    saliency,
)
from .sequences import (
    attention_maps,
    compute_time_gradients,
    forecast,
    time_gradients,
    token_attributions,
)
from .style import COLORS, STYLE, integer_ticks, new_figure
from .training import confusion_matrix, curves, history, schedules
from .training_report import training_report

__all__ = [
    "ACTIVATIONS",
    "COLORS",
    "STYLE",
    "activations",
    "as_images",
    "attention_maps",
    "compute_feature_maps",
    "compute_grad_cam",
    "compute_gradient_norms",
    "compute_saliency",
    "compute_time_gradients",
    "confusion_matrix",
    "curves",
    "decision_boundaries",
    "feature_maps",
    "filters",
    "forecast",
    "grad_cam",
    "gradient_norms",
    "history",
    "image_grid",
    "integer_ticks",
    "losses",
    "new_figure",
    "plot_model",
    "predictions",
    "saliency",
    "samples",
    "schedules",
    "show_image",
    "time_gradients",
    "token_attributions",
    "training_report",
    "trajectories",
    "value_and_derivative",
]
