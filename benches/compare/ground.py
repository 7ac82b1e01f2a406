"""Where everything is, and what is there: the programs that are measured, their versions, the machine."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
#: The stand itself can be tried with the debug build.
PROFILE = os.environ.get("BADGATEWAY_PROFILE", "release")
BADGATEWAY = TARGET / PROFILE / "badgateway"
GENERATE = TARGET / PROFILE / "examples/generate"
READING = TARGET / PROFILE / "examples/reading"
PEERS = Path(__file__).parent / "peers"
CORES = len(os.sched_getaffinity(0))


def build(*examples: str, with_all: bool = False) -> None:
    """Builds the program, with all features if that is asked for, and these examples."""
    profile = "dev" if PROFILE == "debug" else PROFILE
    # The debug build is that of the tests.
    tests = ["--workspace", "--all-features"]
    features = tests if PROFILE == "debug" else ["--all-features"] if with_all else []
    wanted = ["--bin=badgateway", *(f"--example={example}" for example in examples)]
    subprocess.run(["cargo", "build", f"--profile={profile}", *features, *wanted], cwd=ROOT, check=True)


def readers(name: str = "peers", requirements: Path = Path(__file__).with_name("requirements.txt")) -> Path:
    """A Python that has what is required, of PyPI; it is installed under this name if need be."""
    venv = TARGET / name
    wanted = requirements.read_text()
    installed = venv / "requirements.txt"
    if not installed.exists() or installed.read_text() != wanted:
        say(f"installing {', '.join(line.split('==')[0] for line in wanted.split())} from PyPI")
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        pip = [venv / "bin/pip", "install", "--quiet", "--no-compile"]
        pip += ["--disable-pip-version-check", "--only-binary=:all:"]
        # One of them that has no wheel for this machine does not keep the others from being measured.
        failed = [line for line in wanted.split() if subprocess.run([*pip, line]).returncode != 0]
        if not failed:
            installed.write_text(wanted)
    return venv / "bin/python"


def program(name: str, python: Path | None = None) -> str | None:
    """The program of this name, from beside `python` too; `None` where it is not installed."""
    beside = python and python.parent / name
    return str(beside) if beside and beside.exists() else shutil.which(name)


def version_of(python: Path, package: str) -> str:
    """The version of a package that `python` has; nothing where it has none."""
    return answer([str(python), "-c", f"import importlib.metadata as m; print(m.version({package!r}))"])


def answer(command: list[str]) -> str:
    """The first line that a command says; nothing where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    except OSError:
        return ""
    said = (done.stdout or done.stderr).strip()
    return said.splitlines()[0] if said and done.returncode == 0 else ""


def machine() -> list[tuple[str, str]]:
    """What the figures are of, for the record."""
    cpu = next((line for line in _lines("/proc/cpuinfo") if line.startswith("model name")), ": unknown").split(": ")[1]
    memory = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    system = next((line for line in _lines("/etc/os-release") if line.startswith("PRETTY_NAME")), "=unknown")
    changed = answer(["git", "status", "--porcelain", "--untracked-files=no"])
    return [
        ("commit", answer(["git", "rev-parse", "--short=12", "HEAD"]) + (" and changes" if changed else "")),
        ("processor", f"{cpu}, {CORES} cores"),
        ("memory", f"{memory / 1024**2:.0f} GiB"),
        ("system", f"{system.split('=')[1].strip(chr(34))}, Linux {platform.release()}"),
        ("Rust", answer(["rustc", "--version"])),
        ("load before", " ".join(f"{load:.2f}" for load in os.getloadavg())),
    ]


def versions(python: Path) -> list[tuple[str, str]]:
    """Versions of the peers that are installed."""
    found = {"badgateway": answer([str(BADGATEWAY), "--version"])}
    for name in ["rg", "mawk", "jq", "gzip", "pigz", "igzip", "rapidgzip", "duckdb"]:
        path = program(name, python)
        found[name] = answer([path, "-Wversion" if name == "mawk" else "--version"]) if path else ""
    for name in ["duckdb", "chdb", "polars"]:
        found[f"{name} (Python)"] = version_of(python, name)
    return [(name, version or "not installed") for name, version in found.items()]


def say(what: str) -> None:
    """Tells whoever waits what is going on."""
    print(f"… {what}", file=sys.stderr, flush=True)


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
