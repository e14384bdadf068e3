"""The player: a run of one's own code as a page, to step through operation by operation.

    with minigrad.record() as run:
        loss = model.compute_loss(y=y, y_pred=model(x))
        loss.backward()
    run.save("run.html")

In the order in which to read them:

recording.py    what happened: the steps of a run, told by the engine
places.py       where: lines of code, layers and ops that a step belongs to
values.py       the numbers of a step, and what of a large array is kept
checks.py       each gradient against differences
formulas.py     the formula of an op, with numbers in it
comparison.py   where two runs part
page.py         the page
"""

from .comparison import diff
from .recording import Run, record

__all__ = ["Run", "diff", "record"]
