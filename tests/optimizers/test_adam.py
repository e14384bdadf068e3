"""Adam: the state is the paper's; AdamW is Adam with decay."""

import numpy as np

from minigrad import Parameter
from minigrad.backend import to_cpu
from minigrad.config import to_device
from minigrad.optimizers.adam import Adam, AdamW

from .formulas import SMALL, arrays, close, gradients, parameters


def test_the_state_of_adam_is_the_papers(device):
    """m = (1 - beta_1) g and v = (1 - beta_2) g**2 after one step, running means from then on."""
    p = Parameter(to_device(np.zeros(2)), dtype="float64")
    optimizer = Adam(0.1, amsgrad=True)
    optimizer.apply([to_device(np.array([1.0, -2.0]))], [p])
    m, v, v_max = map(to_cpu, optimizer.state()[0])
    assert optimizer.slots == ("m", "v", "v_max")
    np.testing.assert_allclose(m, [0.1, -0.2], rtol=1e-12)
    np.testing.assert_allclose(v, [0.001, 0.004], rtol=1e-12)
    np.testing.assert_allclose(v_max, v, rtol=0)
    optimizer.apply([to_device(np.zeros(2))], [p])
    m, v, v_max = map(to_cpu, optimizer.state()[0])
    np.testing.assert_allclose(m, [0.09, -0.18], rtol=1e-12)
    np.testing.assert_allclose(v, [0.000999, 0.003996], rtol=1e-12)
    np.testing.assert_allclose(v_max, [0.001, 0.004], rtol=1e-12)


def test_adamw_is_adam_with_decay():
    assert AdamW().weight_decay == 0.004 and Adam().weight_decay is None
    ps, twins = parameters(), parameters()
    a, b = AdamW(0.01, weight_decay=0.2), Adam(0.01, weight_decay=0.2)
    for t in range(4):
        a.apply(gradients(SMALL, t), ps), b.apply(gradients(SMALL, t), twins)
    close(ps, arrays(twins), rtol=0, atol=0)
