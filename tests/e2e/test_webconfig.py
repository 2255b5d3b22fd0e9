# SPDX-License-Identifier: Apache-2.0
"""
Each web configuration below tests/webconfig, shown to the program and to promtool, whose
"check web-config" is exporter-toolkit's own judgement.

The first line of a bad file says how the complaint goes on behind the file's name. A line
"# promtool: …" says why promtool judges otherwise; where it starts with "2.42", that
release is too old to know.
"""

import json
import subprocess

from suite import PROGRAM, TESTS_FOLDER, run, test
from exporter import TIMEOUT, Exporter
from commands import LOOPBACK, PROPRIETARY, command

EXPECTS = "# expects: "
PROMTOOL = "# promtool: "


def files(kind):
    found = sorted((TESTS_FOLDER / "webconfig" / kind).glob("*.yml"))
    assert len(found) >= 60, f"{len(found)} files in {kind}"
    return found


def head(path):
    """The lines that are comments, of whatever else the file may hold."""
    lines = path.read_bytes().decode("utf-8", "replace").splitlines()[:3]
    return [line for line in lines if line.startswith("#")]


def mark(path):
    """Why promtool judges otherwise, or None."""
    for line in head(path):
        if line.startswith(PROMTOOL):
            return line.removeprefix(PROMTOOL)
    return None


def promtool_takes(path):
    result = subprocess.run(
        ["promtool", "check", "web-config", path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT,
    )
    assert result.returncode in (0, 1), result.stdout
    assert (b"SUCCESS" if result.returncode == 0 else b"FAILED") in result.stdout
    return result.returncode == 0


def complaint_of(path):
    """Runs the program, which must refuse PATH; its only error line."""
    result = command(f"--web.config.file={path}", "--log.format=json", LOOPBACK, *PROPRIETARY)
    events = [json.loads(line) for line in result.stderr.splitlines()]
    errors = [event for event in events if event["level"] == "error"]
    assert (result.returncode, result.stdout, len(errors)) == (1, b"", 1), result
    assert not any(event["msg"] == "Listening on" for event in events), events
    return errors[0]["err"]


@test
def good_configurations_are_served():
    for path in files("good"):
        try:
            with Exporter(PROGRAM, f"--web.config.file={path}", *PROPRIETARY) as exporter:
                pass
        except AssertionError as error:
            raise AssertionError(f"{path}: {error}") from None
        assert "level=error" not in exporter.log, exporter.log


@test
def bad_configurations_are_refused_with_their_line():
    for path in files("bad"):
        first = head(path)[0]
        assert first.startswith(EXPECTS), path
        complaint = complaint_of(path)
        assert complaint.startswith(f"{path}:{first.removeprefix(EXPECTS)}"), complaint
        assert "\n" not in complaint


@test
def promtool_judges_as_we_do():
    for kind in ("good", "bad"):
        for path in files(kind):
            reason = mark(path)
            if reason is not None and reason.startswith("2.42 "):
                continue
            expected = (kind == "good") == (reason is None)
            assert promtool_takes(path) == expected, f"{path} is {kind}, {reason}"


run()
