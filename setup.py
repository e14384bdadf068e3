"""The packages of the wheel: minigrad, and the top-level folder models as minigrad.zoo."""

from setuptools import find_packages, setup

library = find_packages(include=["minigrad", "minigrad.*"])
zoo = ["minigrad.zoo", *(f"minigrad.zoo.{section}" for section in find_packages("models"))]

setup(
    packages=[*library, *zoo],
    package_dir={"minigrad.zoo": "models"},
    package_data={
        "minigrad": ["py.typed"],
        "minigrad.kernels.cuda": ["*.cu", "*.cuh"],
        "minigrad.player": ["player.html", "player.css", "player.js"],
        "minigrad.plots": ["training_report.html", "training_report.css"],
        "minigrad.zoo": ["RESULTS.md"],
        "minigrad.zoo.study": ["*.json"],
    },
)
