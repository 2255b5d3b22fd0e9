#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
The manual page and the completions, as people meet them: test_reference.py PROGRAM. What
the page says is compared with what the program says and does; lines are completed in real
shells. That the files are those of `make reference` is for `make lint` to see.
"""

import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("lib", "golden")]

from exporter import TIMEOUT, Exporter, scene_flags, tap  # noqa: E402
from golden import FAMILIES  # noqa: E402
from page import PAGE, READERS, SOURCE, WIDE, entries, rendered, run, sections  # noqa: E402
from shells import NAME, SHELLS  # noqa: E402

PROGRAM = sys.argv[1]
CLEAN, TAINTED = (scene_flags(TESTS / "scenes" / name) for name in ("clean", "proprietary"))

TESTED = []


def test(function):
    TESTED.append(function)
    return function


def program(*words):
    return subprocess.run(
        [PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
        timeout=TIMEOUT,
    )


def each_reader():
    """The sections of the page, once for each program that shows it."""
    for reader in READERS:
        yield sections(rendered(reader, WIDE))


# ---- what the program says ----

HELP = program("--help").stdout
COMMANDS = {
    name: (arguments, help)
    for name, arguments, help in re.findall(r"(?m)^  (\w+) ?(\S*) +(.*)$", HELP)
}
FLAGS = {
    name: (argument, help)
    for name, argument, help in re.findall(r"(?m)^  (--[^\s=]+)=?(\S*) +(.*)$", HELP)
}


def refused_by(command):
    """The flags that do not go with COMMAND: it names one at a time."""
    # None of these files is there, so that all that is accepted ends early: serve, too,
    # which reads its configuration before it listens.
    samples = {"": "", "FILE": "=/no/such/file", "FILE.prom": "=/no/such/folder/file"}
    given = {
        name.replace("[no-]", ""): samples.get(argument, f"={argument}")
        for name, (argument, _) in FLAGS.items()
        if name not in ("--help", "--version")
    }
    words = ["word"] if COMMANDS[command][0] else []
    refused = set()
    for _ in FLAGS:
        result = program(command, *words, *[name + value for name, value in given.items()])
        found = re.search(r": (--\S+): does not go with the command", result.stderr)
        if not found:
            assert result.returncode == 1, result
            break
        refused.add(found[1])
        del given[found[1]]
    return refused


REFUSED = {command: refused_by(command) for command in COMMANDS}


def spelled(name):
    """--[no-]NAME is two flags."""
    return {name.replace("[no-]", ""), name.replace("[no-]", "no-")}


def accepted_by(command):
    """The flags that go with COMMAND, each as it is given."""
    return {spelling for name in FLAGS if name.replace("[no-]", "") not in REFUSED[command]
            for spelling in spelled(name)}


# ---- the page ----


@test
def nobody_who_reads_the_page_complains():
    assert run("mandoc", "-T", "lint", PAGE) == ""
    for reader in READERS:
        rendered(reader)


@test
def the_page_fits_a_terminal_of_80_columns_and_breaks_no_name():
    for reader in READERS:
        lines = rendered(reader).splitlines()
        assert not [line for line in lines if len(line) > 80], reader
        assert not [line for line in lines if re.search(r"[\w.][-\N{HYPHEN}]$", line)
                    and "https://" not in line], reader


@test
def the_page_has_the_sections_that_pages_have():
    for page in each_reader():
        names = list(page)
        assert names[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"], names
        assert names[-1] == "SEE ALSO", names
        assert {"COMMANDS", "OPTIONS", "METRICS", "EXIT STATUS", "ENVIRONMENT", "SIGNALS",
                "FILES", "EXAMPLES"} < set(names), names
    assert f'"{NAME} - Prometheus exporter' in run("lexgrog", PAGE)


@test
def see_also_is_sorted_by_section_and_name():
    for page in each_reader():
        found = re.findall(r"([a-z_.-]+)\((\d)\)", " ".join(page["SEE ALSO"]))
        assert found and found == sorted(found, key=lambda pair: pair[::-1]), found


@test
def each_command_is_on_the_page_as_help_has_it():
    for page in each_reader():
        # Whether what is behind a short term belongs to it cannot be told.
        found = [f"{term} {text}".split() for term, text in entries(page["COMMANDS"]).items()]
        expected = [f"{name} {arguments} {help}".split()
                    for name, (arguments, help) in COMMANDS.items()]
        assert found[:len(expected)] == expected, found


@test
def each_flag_is_on_the_page_as_help_has_it_and_no_other():
    for page in each_reader():
        found = {term: text for term, text in entries(page["OPTIONS"]).items()
                 if term.startswith("--")}
        expected = {f"{name}={argument}" if argument else name: help
                    for name, (argument, help) in FLAGS.items()}
        assert list(found) == list(expected), set(found) ^ set(expected)
        for term, help in expected.items():
            # Behind the help there may be commands.
            assert re.fullmatch(re.escape(help) + r"( \([a-z, ]+\))?", found[term]), found[term]


@test
def each_flag_says_which_commands_take_it():
    for page in each_reader():
        for term, text in entries(page["OPTIONS"]).items():
            if not term.startswith("--"):
                continue
            said = re.search(r" \(([a-z, ]+)\)$", text) or re.match(r"([a-z, ]+): ", text)
            named = set(said[1].split(", ")) if said else set(COMMANDS)
            name = re.sub(r"\[no-\]|=.*", "", term)
            expected = {command for command in COMMANDS if name not in REFUSED[command]}
            assert named == expected, (term, named ^ expected)


@test
def each_metric_is_on_the_page_with_its_type_and_labels_and_no_other():
    helps = {name: help for path in TESTS.glob("golden/*.prom")
             for name, help in re.findall(r"(?m)^# HELP (\S+) (.*)$", path.read_text())}
    for page in each_reader():
        found = []
        for term, text in entries(page["METRICS"]).items():
            metric = re.fullmatch(r"(\w+) \((gauge|counter)(?:; ([a-z_, ]+))?\)", term)
            if metric:
                labels = tuple(metric[3].split(", ")) if metric[3] else ()
                found.append((metric[1], (metric[2], labels)))
                assert text == helps[metric[1]], metric[1]
        assert found == list(FAMILIES.items()), set(found) ^ set(FAMILIES.items())
        text = " ".join(line for lines in page.values() for line in lines)
        named = set(re.findall(r"\b(?:kernel_taint|process)_\w+", text))
        assert named - {NAME} == set(FAMILIES), named ^ set(FAMILIES)


@test
def the_page_tells_each_exit_code():
    unreadable = "--path.procfs=/no/such/folder"
    for words, code in (
        (["status", *CLEAN], 0),
        (["status", *TAINTED], 3),
        (["status", unreadable], 1),
        (["decode", "nothing"], 1),
        (["module", "absent", *CLEAN], 1),
        (["--no-such-flag"], 2),
    ):
        assert program(*words).returncode == code, words
        for page in each_reader():
            found = entries(page["EXIT STATUS"])
            assert set(found) == {"0", "1", "2", "3"}, found
            assert words[0] not in COMMANDS or f"{words[0]}: " in found[str(code)], words


@test
def the_page_tells_each_path_that_is_served():
    with Exporter(PROGRAM, *CLEAN) as exporter:
        for page in each_reader():
            terms = [term for term in entries(page["HTTP"]) if term.startswith("/")]
            paths = [path for term in terms for path in term.split(", ")]
            assert paths == ["/metrics", "/", "/api/v1/status", "/-/healthy", "/-/ready"]
            assert [exporter.get(path)[0] for path in paths] == [200] * len(paths)


@test
def the_page_tells_of_each_file_for_systemd():
    units = {path.name for path in (SOURCE / "packaging/systemd").iterdir()
             if path.suffix in (".service", ".socket", ".conf")}
    for page in each_reader():
        terms = {word for term in entries(page["FILES"]) for word in term.split(", ")}
        assert units < terms, units - terms
        assert f"/etc/default/{NAME}" in terms, terms


@test
def what_other_documents_name_is_on_the_page():
    word = re.compile(
        r"--(?:no-)?(?:collector|kernel|log|path|web)\.[a-z][a-z.-]*[a-z]|--no-sandbox|--dialect"
        r"|--output|--json|\b(?:SIG|CAP_)[A-Z_]+\b|\bkernel_taint_\w+[a-z]\b"
    )
    named = {found for name in ("README.md", "CHANGELOG.md")
             for found in word.findall((SOURCE / name).read_text(encoding="utf-8"))}
    assert {"--output", "--no-sandbox"} < named, named
    for reader in READERS:
        text = rendered(reader, WIDE).replace("[no-]", "")
        missing = {found for found in named if found.replace("--no-c", "--c") not in text}
        assert not missing, missing


# ---- completions ----

# Names of files that a shell must not take for anything else. No tab, no newline: these no
# shell's own completion of files survives.
HOSTILE = ["$(touch hacked)", "`touch hacked`", ";touch hacked", "a b'\"c", "*"]


# The line, and all that is offered behind it, whatever the shell.
CASES = {
    "": set(COMMANDS),
    "st": {"status"},
    "--log.level=warn s": {"serve", "status"},
    "once fi": set(),
    "status fi": set(),
    "module fi": {"file.ko"},
    "decode fo": {"folder"},
    "--log.l": {"--log.level"},
    "--log.level=": {"debug", "info", "warn", "error"},
    "--log.level=w": {"warn"},
    "--log.level w": {"warn"},
    "status --log.format=": {"logfmt", "json"},
    "status --kernel.dialect=rhel1": {"rhel10"},
    "decode --dialect=s": {"suse"},
    "--collector.modules.sysfs=": {"tainting", "all"},
    "--no-collector.l": {"--no-collector.log"},
    "--collector.sig": {"--collector.signature", "--collector.signature.modules",
                        "--collector.signature.trust", "--collector.signature.wait"},
    "--path.rootfs=f": {"folder"},
    "status --path.procfs f": {"folder"},
    "--web.config.file=f": {"file.ko", "folder"},
    "once --output=fi": {"file.ko"},
    "--collector.signature.trust=fo": {"folder"},
    "--web.max-requests ": set(),
    "--web.telemetry-path=": set(),
    "--web.listen-address=:1 --web.l": {"--web.listen-address"},
    "module --web.l": set(),
    "decode --path.r": set(),
    "status --coll": {"--collector.signature.trust"},
    "--js": set(),
    # A tab must not run what is on the line, either.
    "decode $(touch hacked) --dial": {"--dialect"},
}

# What one tab makes of a line.
INSERTED = {
    "st": "status",
    "--log.level=w": "--log.level=warn",
    "module fi": "module file.ko",
    "--path.rootfs=fo": "--path.rootfs=folder/",
    "--web.m": "--web.max-requests=",
    "decode --j": "decode --json",
}


def plain(offer):
    """OFFER without the flag in front of a value, and what the shell puts behind it."""
    return re.sub(r"^--[^=]+=(?=.)", "", offer).rstrip("=/")


def completion_tests(name):
    shell = SHELLS[name]

    def started(function):
        def with_shell():
            with tempfile.TemporaryDirectory() as scratch:
                folder = pathlib.Path(scratch) / "here"
                (folder / "folder").mkdir(parents=True)
                for file in ("file.ko", *HOSTILE):
                    (folder / file).touch()
                with shell(folder, pathlib.Path(scratch)) as open_shell:
                    function(lambda line: open_shell.complete(f"{NAME} {line}"))
                assert not (folder / "hacked").exists(), "something was executed"

        with_shell.__name__ = f"{name}_{function.__name__}"
        return with_shell

    def offers_what_goes_with_the_line(complete):
        for line, expected in CASES.items():
            offered = {plain(offer) for offer in complete(line)[0]} - {""}
            assert offered == expected, (line, offered ^ expected)

    def offers_each_flag_that_the_command_takes_and_no_other(complete):
        # Who gives no command yet means the first.
        for line in ("", *COMMANDS):
            command = line or next(iter(COMMANDS))
            offered = {plain(offer) for offer in complete(f"{line} --".lstrip())[0]}
            expected = accepted_by(command)
            assert offered == expected, (line, offered ^ expected)

    def inserts_it_with_what_comes_next(complete):
        for line, expected in INSERTED.items():
            after = complete(line)[1]
            # A value may follow behind a space, too: fish leaves that to the user.
            expected = expected.rstrip("=") if name == "fish" else expected
            assert after in (f"{NAME} {expected}", f"{NAME} {expected} "), (line, after)
            assert not after.endswith("= "), (line, after)

    def executes_no_name_of_a_file(complete):
        offered = set(complete("decode ")[0]) - {""}
        assert len(offered) == len({"file.ko", "folder", *HOSTILE}), offered
        for file in HOSTILE:
            start = file[0] if file[0].isalnum() else f"\\{file[0]}"
            for line in (f"decode {start}", f"once --output={start}"):
                after = complete(line)[1]
                assert shlex.split(after)[-1].removeprefix("--output=") == file, (line, after)

    return [started(function) for function in (
        offers_what_goes_with_the_line,
        offers_each_flag_that_the_command_takes_and_no_other,
        inserts_it_with_what_comes_next,
        executes_no_name_of_a_file,
    )]


tap(TESTED + [test for name in SHELLS for test in completion_tests(name)])
