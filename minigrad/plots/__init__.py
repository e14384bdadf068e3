"""Pictures, drawn with matplotlib and saved whole: of training, images, functions, networks and sequences."""

from . import networks, sequences
from .functions import ACTIVATIONS, activations, decision, losses, paths, slope
from .images import pictures_of, predictions, samples, thumbnails
from .style import COLOURS, STYLE, page, whole_numbers
from .training import confusion, curves, history, schedules
