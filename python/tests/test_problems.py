from __future__ import annotations

import gzip
import os
import warnings
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import badgateway
from conftest import LINE

Call = Any


@pytest.fixture(params=["events", "aggregate"])
def call(request: pytest.FixtureRequest) -> Call:
    """Each of the two, read to its end."""
    function = getattr(badgateway, request.param)

    def run(*arguments: object, **keywords: object) -> object:
        result = function(*arguments, **keywords)
        pa.table(result)
        return result

    return run


def test_a_file_that_is_not_there_is_not_found(call: Call, tmp_path: Path) -> None:
    for missing in (tmp_path / "error.log", tmp_path / "*.log", tmp_path):
        with pytest.raises(FileNotFoundError, match=str(tmp_path).replace("*", ".")):
            call(missing)


def test_a_file_that_cannot_be_read_is_an_error(call: Call, tmp_path: Path) -> None:
    log = tmp_path / "error.log"
    log.write_bytes(b"PK\x03\x04")
    with pytest.raises(OSError, match="is compressed \\(zip\\), which is not read"):
        call(log)
    log.write_bytes(LINE)
    log.chmod(0)
    # Root may read it.
    if os.geteuid() != 0:
        with pytest.raises(PermissionError, match="cannot be opened"):
            call(log)


def test_what_is_no_error_log_is_an_error(call: Call) -> None:
    with pytest.raises(OSError, match="no NGINX error log record among its 2 lines"):
        call(("access.log", b"192.0.2.1 - -\n192.0.2.2 - -\n"))


def test_what_is_left_out_is_a_warning_and_a_problem(call: Call, tmp_path: Path) -> None:
    cut = gzip.compress(LINE * 10_000)[:-10]
    gone = tmp_path / "gone.log"
    with pytest.warns(badgateway.IncompleteWarning, match="gone.log: cannot be opened") as warned:
        result = call([LINE, gone, ("cut.gz", cut)])
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert [problem.split(":")[0] for problem in result.problems] == [str(gone), "cut.gz"]


def test_warnings_may_be_errors(call: Call, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises((badgateway.IncompleteWarning, OSError, pa.ArrowException), match="gone"):
            call([LINE, tmp_path / "gone"])


def test_who_reads_through_duckdb_is_warned_too(tmp_path: Path) -> None:
    reader = badgateway.events([LINE * 10, tmp_path / "gone"])
    with pytest.warns(badgateway.IncompleteWarning, match="gone"):
        assert duckdb.sql("SELECT count(*) FROM reader").fetchall() == [(10,)]  # type: ignore[union-attr]
    assert len(reader.problems) == 1


def test_a_configuration_that_cannot_be_read_is_a_problem(call: Call, tmp_path: Path) -> None:
    with pytest.warns(badgateway.IncompleteWarning, match="nginx.conf"):
        result = call(LINE, nginx_conf=tmp_path / "nginx.conf")
    assert len(result.problems) == 1


def test_many_problems_are_told_in_short(call: Call, tmp_path: Path) -> None:
    with pytest.warns(badgateway.IncompleteWarning, match="and 7 more; `problems`"):
        result = call([LINE, *(tmp_path / str(number) for number in range(12))])
    assert len(result.problems) == 12


def test_merging_keeps_the_problems(tmp_path: Path) -> None:
    with pytest.warns(badgateway.IncompleteWarning):
        part = badgateway.aggregate([LINE, tmp_path / "gone"])
    whole = badgateway.aggregate(LINE)
    assert badgateway.merge([whole, part]).problems == part.problems != []


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"timezone": "Mars/Base"}, "Mars/Base"),
        ({"since": "tomorrow"}, "expected a date"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "is not before until"),
        ({"anonymize": "yes"}, "'cut' or 'drop'"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    call: Call, keywords: dict[str, str], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        call(LINE, **keywords)


def test_rules_that_are_none_are_refused_with_their_line(call: Call, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    with pytest.raises(FileNotFoundError, match="rules.toml: cannot be read"):
        call(LINE, rules=rules)
    rules.write_text("[[rule]]\nname = 'x'\nregex = '('\nkind = 'F'\n")
    with pytest.raises(ValueError, match="rules.toml: line 3"):
        call(LINE, rules=rules)


def test_things_that_are_no_logs_are_refused(call: Call) -> None:
    for wrong in (7, [7], [LINE, None], [("name", "text", LINE)]):
        with pytest.raises(TypeError):
            call(wrong)
    with pytest.raises(ValueError, match="standard input is not read"):
        call("-")
    with pytest.raises(TypeError, match="content is bytes"):
        badgateway.Log("name", "text")  # type: ignore[arg-type]
