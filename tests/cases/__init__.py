"""The one registry: every op, layer and model with inputs. A test fails when one is missing.

A case is a call and its value by NumPy. `OPS` maps each public name of minigrad.ops to its cases,
`LAYERS` each public layer and `MODELS` each model to functions that build a small one. Inputs keep
clear of kinks and of the edges of domains; those have tests of their own.
"""

from .base import Case, View
from .layers import LAYERS
from .models import MODELS
from .ops import OPS, all_cases
