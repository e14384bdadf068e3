"""`python -m models` lists the models, `python -m models NAME` trains one."""

import sys

from .common.runner import main

sys.exit(main())
