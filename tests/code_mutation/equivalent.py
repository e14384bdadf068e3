"""Mutants that change nothing a user could see, each with the reason."""

LOOKS = "the size, color or place of something in a picture, not what it says"
NEGATIVE = "NumPy's reshape reads every negative length as the one to be found"
SIGN = "the sign is 1 or -1: to multiply by it is to divide"

EQUIVALENT: dict[str, str] = {
    "minigrad/losses.py _check_bits: y.max() <= 1 + TOLERANCE -> (y.max() < 1 + TOLERANCE)": (
        "the tolerance itself has no last digit"
    ),
    "minigrad/ops/activations.py elu: 0 -> 1 #2": (
        "it only keeps the exponential finite where the other branch of where is taken"
    ),
    "minigrad/optimizers/base.py Optimizer._step_blocks: len(parts) > 1 -> (len(parts) >= 1)": (
        "a single part is copied, to the same numbers"
    ),
    "minigrad/optimizers/base.py Optimizer._step_segments: 1 -> 2": NEGATIVE,
    "minigrad/kernels/normalization.py layer_norm_forward: 1 -> 2 #3": NEGATIVE,
    "minigrad/layers/attention.py _HeadDense.build: 1 -> 2 #3": NEGATIVE,
    "minigrad/metrics/classification.py FBetaScore._decide: -1 -> (1)": (
        "the scores have two axes, of which the last is axis 1"
    ),
    "minigrad/layers/validation.py _flat_images_hint: -1 -> (1)": (
        "the shape has two axes here, of which the last is axis 1"
    ),
    "minigrad/training/callbacks.py MonitorCallback.reset_best: "
    "-math.inf * self.sign -> (-math.inf / self.sign)": SIGN,
    "minigrad/training/callbacks.py MonitorCallback.is_improvement: "
    "(value - reference) * self.sign -> ((value - reference) / self.sign)": SIGN,
    "minigrad/metrics/auc.py _area_under_pr: ratio > 0 -> (ratio >= 0)": (
        "counts only grow, so no ratio is 0"
    ),
    "minigrad/engine/gradcheck.py _Check._compare: 1 -> 2 #7": (
        "the extrapolated difference moves by a thousandth of its last step, below every tolerance"
    ),
    "minigrad/engine/promotion.py real_dtype: "
    "max(floating, key=lambda dtype: dtype.itemsize, default=settings.default_dtype) -> "
    "max(floating, default=settings.default_dtype)": "NumPy orders floating dtypes by their width",
    "minigrad/datasets/python_help.py load_data: 0 < validation < 1 -> (0 < validation <= 1)": (
        "a fraction of 1 leaves nothing to train on, which the other condition refuses"
    ),
    "minigrad/training/model.py Model: 0 -> 1": "fit sets it before anything reads it",
    "minigrad/layers/embedding.py Embedding.compute_mask: "
    "\"_array\" -> 'other__array'": "a mask may be a Tensor as well",
    "minigrad/kernels/activations.py normal_cdf: \"cpu\" -> 'other_cpu'": (
        "a slower way to the same numbers"
    ),
    "minigrad/ops/elementwise.py -: power.gradients( lambda g, y, a, b: sum_to(g * _power_d"
    "erivative(a, b), shape=a.shape), lambda g, y, a, b: sum_to(g * y * _log_or_zero(a, b),"
    ' shape=b.shape), needs="y a b", ) -> power.gradients(lambda g, y, a, b: sum_to(g * _po'
    "wer_derivative(a, b), shape=a.shape), lambda g, y, a, b: sum_to(g * y * _log_or_zero(a"
    ", b), shape=b.shape))": ("the rule reads everything, which is what is kept without needs"),
    "minigrad/plots/functions.py trajectories: False -> True": LOOKS,
    "minigrad/kernels/blocks.py -: 18 -> 19": "the size of a block decides on speed alone",
    "minigrad/plots/images.py samples: titles is None -> (titles is not None)": LOOKS,
    "minigrad/plots/functions.py trajectories: "
    'star.set(markersize=15, markeredgecolor="white", zorder=5, label="minimum") -> '
    "star.set(markersize=15, zorder=5, label='minimum')": LOOKS,
    "minigrad/plots/functions.py decision_boundaries: axes.set_xticks([0, 1]) -> pass": LOOKS,
    "minigrad/plots/training.py schedules: True -> False": LOOKS,
    "minigrad/plots/training.py curves: 1.0 -> 2.0 #2": LOOKS,
    "minigrad/plots/sequences.py attention_maps: "
    "width * across + 0.7 -> (width * across - 0.7)": LOOKS,
    "minigrad/plots/sequences.py attention_maps: 0.4 -> 1.4": LOOKS,
    "minigrad/plots/style.py -: False -> True #3": LOOKS,
}
