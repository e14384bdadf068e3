"""The programs are run by tests/test_keras_scripts.py; they are no tests of their own."""

collect_ignore_glob = ["tutorials/*.py", "habits/*.py"]
