"""`python3 -m provoke` from inside samples/, or `python3 samples/provoke` from anywhere."""

import sys
from pathlib import Path

if not __package__:
    # Started by path: Python put this folder on the path, but the package lives one folder up.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from provoke.cli import main

sys.exit(main())
