"""Programs written for Keras run with nothing but their imports changed, and give its figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.keras_scripts import SCRIPTS, change_imports, differences, plain, recorded, run_script

# programs that do not run, and the sentence that they end in: what to write instead
NOT_HERE = {
    "habits/conv3d_volumes": "minigrad.layers has no Conv3D: volumes are beyond this library"
}
pytestmark = pytest.mark.filterwarnings("ignore")


def figures_of(name):
    """What a program gives on changed imports."""
    path = SCRIPTS[name]
    return plain(run_script(path, change_imports(path.read_text())))


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name):
    """It runs, and its figures are Keras's; or it ends in a sentence that says what to write."""
    if name not in NOT_HERE:
        assert not differences(figures_of(name), recorded()[name])
        return
    with pytest.raises(Exception, match=f"^{re.escape(NOT_HERE[name])}"):
        figures_of(name)


def test_how_many_run():
    assert list(recorded()) == list(SCRIPTS) and set(NOT_HERE) < set(SCRIPTS)
    folders = [name.split("/")[0] for name in SCRIPTS]
    running = [name.split("/")[0] for name in SCRIPTS if name not in NOT_HERE]
    assert folders.count("tutorials") == running.count("tutorials") == 21
    assert folders.count("habits") == 53 and running.count("habits") >= 48
    page = (Path(__file__).parent.parent / "docs" / "from_keras.rst").read_text()
    said = f"The 21 programs of the tutorials run so, and {running.count('habits')} of 53 programs"
    assert said in " ".join(page.split())


# ---- the runner itself ---------------------------------------------------------------------------


def test_only_imports_change():
    source = "\n".join(
        [
            "import keras",
            "import keras as k",
            "import keras.ops as ops",
            "import keras.ops  # all of them",
            "    import numpy as np, keras, keras.layers as L",
            "from keras import layers",
            "from keras.models import Model",
            "import tensorflow as tf",
            "from tensorflow import keras",
            "from tensorflow.keras.layers import Dense",
            "import keras_like  # keras",
            'x = keras.Input("from keras import x")',
        ]
    )
    assert change_imports(source).split("\n") == [
        "import minigrad as keras",
        "import minigrad as k",
        "import minigrad.ops as ops",
        "import minigrad as keras  # all of them",
        "    import numpy as np, minigrad as keras, minigrad.layers as L",
        "from minigrad import layers",
        "from minigrad.models import Model",
        "import minigrad as tf",
        "import minigrad as keras",
        "from minigrad.layers import Dense",
        "import keras_like  # keras",
        'x = keras.Input("from keras import x")',
    ]


def test_differences_are_found():
    keras = {"count": 3, "loss": [1.0, {"a": 2.0}], "same": True, "name": "x"}
    assert differences(keras, keras) == []
    assert differences({**keras, "loss": [1.00005, {"a": 2.0}]}, keras) == []
    assert differences({**keras, "loss": [1.0, {"a": 2.01}]}, keras) == [
        "FIGURES['loss'][1]['a'] is 2.01, in Keras 2.0"
    ]
    for change in ({"count": 4}, {"same": False}, {"loss": [1.0]}, {"name": "y"}, {"more": 1}):
        assert len(differences({**keras, **change}, keras)) == 1


def test_a_script_leaves_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = "open('made.txt', 'w').close()\nimport os\nFIGURES = {'files': os.listdir()}"
    assert run_script(tmp_path / "script.py", source) == {"files": ["made.txt"]}
    assert not list(tmp_path.iterdir())


def test_scripts_do_not_know_minigrad():
    for path in SCRIPTS.values():
        source = path.read_text()
        assert "minigrad" not in source, path
        assert "\nFIGURES = {" in source, path
