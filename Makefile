# From nothing but Python, make and a package index:  make demo,  make test
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
export MPLBACKEND ?= Agg

.PHONY: demo test test-loops test-gpu cuda-test gpu-check distributed-test course browser-test torture lint types parity bench docs architecture mutation-report code-mutation-report clean

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/%.installed: setup.cfg setup.py pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e $(if $(filter base,$*),.,'.[$*]')
	@touch $@

demo: .venv/base.installed            ## train a network on the digits, with a report and pictures under runs/
	$(BIN)/python -m models cnn --out runs/cnn

test: .venv/test.installed            ## the test suite, and the examples in docstrings
	$(BIN)/python -m pytest -n 2 -m "not parity"

test-loops: .venv/test.installed .venv/fast.installed  ## the test suite with compiled loops
	$(BIN)/python -m minigrad.kernels --compile
	$(BIN)/python -m pytest -n 2 -m "not parity"

test-gpu: .venv/test.installed        ## the same tests on CuPy
	$(BIN)/python -m pytest --device cuda -m "not parity"

cuda-test: .venv/test.installed .venv/nvrtc.installed  ## CUDA kernels without a GPU: compiled by NVRTC, run as C++ to second order
	$(BIN)/python -m pytest -n 2 -m cuda tests/kernels

gpu-check:                             ## on a machine with a GPU: tests, then benchmarks, in 8 minutes at most
	$(PYTHON) -m tests.gpu_check

distributed-test: .venv/test.installed .venv/distributed.installed  ## the tests of many processes, under mpiexec
	$(BIN)/python -m pytest tests/distributed

course: .venv/test.installed .venv/docs.installed  ## run every lesson to its end, as a script and as a notebook
	$(BIN)/python -m pytest -n 2 -m course tests/test_tutorials.py tests/test_notebooks.py

browser-test: .venv/test.installed .venv/browser.installed  ## pages in the system's Chromium: the player, stepped to its end
	$(BIN)/python -m pytest -m browser tests/browser

torture: .venv/test.installed         ## kills, hostile files, interrupts, extreme values; a table of the faults (POSIX)
	$(BIN)/python -m tests.torture

lint: .venv/lint.installed            ## style: ruff's rules and its format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/lint.installed
	$(BIN)/mypy

parity: .venv/test.installed .venv/parity.installed  ## values, gradients and training against PyTorch, Keras, transformers
	$(BIN)/python -m pytest -m parity

bench: .venv/bench.installed          ## speed against PyTorch
	$(BIN)/python -m benchmarks

docs: .venv/docs.installed            ## the site, in docs/_build/html, and in Chinese below it; a warning is an error
	$(BIN)/python -m sphinx -q -W --keep-going docs docs/_build/html
	$(BIN)/python -m sphinx -q -W --keep-going -D language=zh_CN -d docs/_build/zh-doctrees docs docs/_build/html/zh
	$(BIN)/python -m docs.translations

architecture: .venv/base.installed    ## draw docs/images anew from the imports of the tree
	$(BIN)/python -m docs.architecture

mutation-report: .venv/test.installed ## make every gradient rule wrong and record that the checker finds it
	$(BIN)/python -m tests.mutation --write

code-mutation-report: .venv/test.installed .venv/mutation.installed ## change the code in small ways and record that tests notice (an hour)
	$(BIN)/python -m tests.code_mutation --write

clean:
	rm -rf .venv runs docs/_build docs/_lessons docs/_players docs/api docs/tutorials docs/images/benchmarks
