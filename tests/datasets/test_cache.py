"""The folder of downloaded data sets."""

from minigrad import datasets


def test_home(monkeypatch, tmp_path):
    monkeypatch.delenv("MINIGRAD_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert datasets.cache.cache_dir() == tmp_path / ".minigrad"
    monkeypatch.setenv("MINIGRAD_HOME", str(tmp_path / "elsewhere"))
    assert datasets.cache.cache_dir() == tmp_path / "elsewhere"
