"""What the READMEs show is run as it stands there, on logs that are made up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from conftest import LINE, ROOT


def shown(page: Path, heading: str) -> list[str]:
    """The programs of a section."""
    section = page.read_text().split(heading, 1)[1].split("\n### ", 1)[0]
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", section, flags=re.MULTILINE)
    programs = [textwrap.dedent(block) for block in blocks]
    return [program for program in programs if "import badgateway" in program]


PROGRAMS = [
    *shown(ROOT / "README.md", "### In Python, Spark"),
    *shown(ROOT / "python/README.md", "# badgateway"),
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_readme_shows_runs(program: str, tmp_path: Path) -> None:
    engine = os.environ.get("BADGATEWAY_ENGINE", "")
    if ("pyspark" in program) != (engine == "spark"):
        pytest.skip("another run of the tests has the engine for it")
    for name in ("nginx/error.log", "web1/error.log", "web2/error.log"):
        log = tmp_path / name
        log.parent.mkdir()
        log.write_bytes(LINE)
    program = program.replace("/var/log/nginx", f"{tmp_path}/nginx").replace("/srv/logs", str(tmp_path))
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert re.search("127.0.0.1:8080|systemctl", done.stdout), done.stdout


def test_the_readme_shows_something_of_everything() -> None:
    assert len(PROGRAMS) == 5
