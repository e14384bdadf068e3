"""What holds among processes, in threads that stand for them: no MPI is needed."""

import pytest

from minigrad import distributed

from .checks import CHECKS

PROCESSES = {"buckets": 2, "few_models": 2, "stop": 3}


@pytest.mark.parametrize("name", CHECKS)
def test_threads(name):
    distributed.run_threads(CHECKS[name], PROCESSES.get(name, 2 + (len(name) % 2)), timeout=20)
