# SPDX-License-Identifier: Apache-2.0
"""
The command decode as it is called: masks in all spellings and dialects, text, files,
pipes and standard input, what is refused, and what it costs. What logs say is in
tests/golden/decode.
"""

import json
import os
import pathlib
import resource
import subprocess
import tempfile

from suite import PROGRAM, is_instrumented, run, test
from exporter import TIMEOUT
from commands import CLOSED_STREAMS, IS_ROOT, command, folder_for_nobody, injecting, lines_of

LOGS = pathlib.Path(__file__).resolve().parent.parent / "logs"
OOPS = LOGS / "captured-oops.log"
ORPHAN = LOGS / "captured-orphan.log"
CLEAN = LOGS / "captured-clean.log"


def decode(*arguments, code=0, **options):
    result = command("decode", *arguments, **options)
    assert result.returncode == code, (arguments, result)
    return result


def objects(*arguments, code=0, **options):
    result = decode("--json", *arguments, code=code, **options)
    return json.loads(result.stdout)


def given(content, *arguments, **options):
    """Decodes CONTENT as a file on standard input."""
    with tempfile.TemporaryFile() as file:
        file.write(content if isinstance(content, bytes) else content.encode())
        file.seek(0)
        return objects(*arguments, stdin=file, **options)


def slugs(item):
    return [taint["taint"] for taint in item["taints"]]


# ---- masks ----


@test
def a_mask_is_decoded_in_every_spelling():
    for spelling in (
        "12289",
        "0x3001",
        "0X3001",
        "0x00003001",
        "012289",
        "12289\n",
        "kernel.tainted = 12289",
    ):
        for (item,) in (objects(spelling), given(spelling), given(spelling, "-")):
            assert (item["kind"], item["mask"]) == ("mask", 12289), spelling
            assert slugs(item) == ["proprietary_module", "oot_module", "unsigned_module"]
            assert item["string"].rstrip() == "P           OE"
            assert (item["dialect"], item["dialect_by"]) == ("mainline", "default")


@test
def the_file_of_the_kernel_can_be_named():
    (item,) = objects("/proc/sys/kernel/tainted")
    assert item["mask"] == int(pathlib.Path("/proc/sys/kernel/tainted").read_text())


@test
def every_bit_of_a_mask_is_told_of():
    (item,) = objects("0xffffffffffffffff")
    assert item["mask"] == 2**64 - 1
    assert [taint["bit"] for taint in item["taints"]] == list(range(64))
    (item,) = objects("18446744073709551615")
    for taint in item["taints"][20:]:
        assert (taint["flag"], taint["taint"]) == ("?", "unknown")
        assert (taint["constant"], taint["module_taint"], taint["set_by"]) == ("", None, "")
    for taint in item["taints"][:20]:
        assert taint["constant"] == "TAINT_" + taint["taint"].upper()
        assert taint["meaning"] and taint["set_by"]
        # Of a live patch it depends on the kernel.
        assert (taint["module_taint"] is None) == (taint["taint"] == "livepatch"), taint
    carried = [taint["flag"] for taint in item["taints"] if taint["module_taint"]]
    assert carried == list("PFCOEXN")
    (item,) = objects("0")
    assert item["taints"] == []


@test
def what_distributions_mean_by_a_bit_is_said_while_nobody_says_whose_it_is():
    (item,) = objects("0x80010040")
    by_bit = {taint["bit"]: taint for taint in item["taints"]}
    elsewhere = {
        (dialect, other["since"]): (other["flag"], other["taint"])
        for other in by_bit[16]["elsewhere"]
        for dialect in other["dialects"]
    }
    assert elsewhere == {
        ("rhel8", "4.18.0-372"): ("X", "tech_preview"),
        ("rhel9", ""): ("X", "tech_preview"),
        ("rhel10", ""): ("X", "tech_preview"),
        ("suse", "5.3"): ("X", "external_support"),
    }
    assert [other["dialects"] for other in by_bit[6]["elsewhere"]] == [["rhel5"]]
    until = {other["until"] for other in by_bit[31]["elsewhere"]}
    assert until == {"", "5.3", "6.0"}
    text = decode("0x80010040").stdout.decode()
    assert "but on rhel8, from 4.18.0-372 on: X, tech_preview" in text
    assert "but on suse, from 5.3 on, before 6.0: N, no_support" in text

    for dialect, bit, flag, slug in (
        ("rhel5", 29, "T", "tech_preview"),
        ("rhel6", 28, "H", "hardware_unsupported"),
        ("rhel7", 29, "T", "tech_preview"),
        ("rhel8", 27, "r", "support_removed"),
        ("rhel9", 31, "u", "unprivileged_bpf"),
        ("rhel10", 26, "p", "partner_supported"),
        ("suse", 31, "n", "no_support"),
        ("mainline", 18, "N", "test"),
    ):
        (item,) = objects(f"--dialect={dialect}", hex(1 << bit))
        (taint,) = item["taints"]
        assert (item["dialect"], item["dialect_by"]) == (dialect, "flag")
        assert (taint["flag"], taint["taint"]) == (flag, slug), dialect
        # Only SUSE moved the bit's letters while it had them.
        others = {other["flag"] for other in taint.get("elsewhere", [])}
        assert others == ({"X", "N"} if dialect == "suse" else set()), dialect


@test
def what_looks_like_a_mask_and_is_none_is_refused():
    for argument in (
        "-1",
        "+1",
        "1.5",
        "0x",
        "0x1g",
        "12289 4",
        "18446744073709551616",
        "0x10000000000000000",
        "1e3",
        "",
        " ",
    ):
        result = decode("--", argument, code=1)
        assert result.stdout == b"", argument
        (error,) = lines_of(result.stderr, "error")
        assert "expected=" in error and "0x3001" in error, error


# ---- text and files ----


@test
def strings_of_flags_are_decoded_with_and_without_what_stands_before():
    for text, dialect, by, mask in (
        ("POE", "mainline", "default", 0x3001),
        ("P           OE", "mainline", "default", 0x3001),
        ("Tainted: P           OE", "mainline", "default", 0x3001),
        ("G", "mainline", "default", 0),
        ("G        W", "mainline", "default", 0x200),
        ("P           OE  ------------ T", "rhel7", "dashes", 0x20003001),
        ("G           O--------------  ", "rhel7", "dashes", 0x1000),
        ("G           O     --------- -  -", "rhel8", "dashes", 0x1000),
        ("G           O     --------- --- ", "rhel9", "dashes", 0x1000),
        ("G           O     --------  --- ", "rhel9", "dashes", 0x1000),
        ("G           O     -------  --- ", "rhel9", "dashes", 0x1000),
        ("P     ----", "rhel5", "dashes", 1),
        ("P  ---------------  T", "rhel6", "dashes", 0x20000001),
        ("Not tainted 6.1.0-13-amd64", "mainline", "release", 0),
        ("Tainted: G   OE X n 6.4.0-150600.21-default #1", "suse", "release", 0x80013000),
        ("Tainted: [O]=OOT_MODULE, [J]=FWCTL", "mainline", "default", 0x81000),
    ):
        (item,) = objects(text)
        assert item["kind"] == ("report" if "ainted" in text else "mask"), text
        assert (item["dialect"], item["dialect_by"]) == (dialect, by), text
        assert item["mask"] == mask, (text, item["mask"])
        (again,) = given(text + "\n")
        assert again["mask"] == mask


@test
def letters_are_told_as_their_mask_is():
    for letters, mask in (("POE", 12289), ("FE", 0x2002), ("WDL", 0x4280), ("J", 1 << 19)):
        (of_letters,), (of_mask,) = objects(letters), objects(str(mask))
        for item in (of_letters, of_mask):
            del item["source"]
        assert of_letters == of_mask, letters
        assert of_mask["panic_on_taint"] == hex(mask)
        last = decode(letters).stdout.decode().splitlines()[-1]
        assert last.split() == ["to", "panic", "on", f"panic_on_taint={hex(mask)}"]


@test
def a_line_to_panic_on_is_one_that_a_kernel_takes():
    for arguments, expected in (
        (["1"], "0x1"),
        (["0"], None),
        # Bits that this kernel does not know, alone and with others.
        ([hex(1 << 26)], None),
        (["0xffffffffffffffff"], "0xfffff"),
        (["--dialect=rhel9", hex(1 << 26 | 1)], "0x4000001"),
        # Letters whose bit is not known, and kernels without the parameter.
        (["POX"], None),
        (["--dialect=rhel7", "1"], None),
        (["--dialect=rhel5", "U"], None),
    ):
        (item,) = objects(*arguments)
        assert item["panic_on_taint"] == expected, arguments
        text = decode(*arguments).stdout.decode()
        assert ("to panic on" in text) == (expected is not None), text
    assert "a module that carries P then panics the kernel" in decode("1").stdout.decode()
    assert "a kernel that sets S at boot" in decode("5").stdout.decode()


@test
def whether_a_module_can_carry_it_may_depend_on_the_kernel():
    for arguments, expected in ((["p"], None), (["--dialect=rhel9", "p"], False), (["P"], True),
                                (["--dialect=suse", "K"], None), (["W"], False)):
        (item,) = objects(*arguments)
        assert item["taints"][0]["module_taint"] is expected, arguments


@test
def a_letter_without_a_release_is_never_certain():
    (item,) = objects("--dialect=suse", "N")
    assert (item["mask"], item["mask_is_whole"], item["panic_on_taint"]) == (None, False, None)
    (taint,) = item["taints"]
    assert (taint["bit"], taint["taint"]) == (None, "unknown")
    meanings = {
        (other["taint"], other["bit"], other["since"], other["until"])
        for other in taint["elsewhere"]
    }
    assert meanings == {
        ("test", 18, "6.0", ""),
        ("no_support", 30, "3.0", "5.3"),
        ("no_support", 31, "5.3", "6.0"),
    }
    text = decode("--dialect=suse", "N").stdout.decode()
    assert "unknown: the bits depend on the release of the kernel" in text
    assert "panic_on_taint" not in text
    for letters in ("X", "T", "U"):
        (item,) = objects(letters)
        assert item["mask"] is None and len(item["taints"][0]["elsewhere"]) > 2, letters


@test
def a_word_is_no_string_of_flags():
    for word in ("hello", "nosuchfile", "tainted", "V", "PV", "P1", "OE)"):
        result = decode(word, code=1)
        assert b"Nothing recognised" in result.stderr, word


@test
def arguments_are_decoded_in_their_order_and_a_bad_one_hides_none():
    result = decode("--json", "1", OOPS, "nosuch.log", "0x2", ORPHAN, code=1)
    items = json.loads(result.stdout)
    assert [(item["kind"], item["source"]) for item in items] == [
        ("mask", "1"),
        ("report", str(OOPS)),
        ("mask", "0x2"),
        ("boot", str(ORPHAN)),
    ]
    (error,) = lines_of(result.stderr, "error")
    assert "nosuch.log" in error
    text = decode("1", OOPS, "nosuch.log", "0x2", ORPHAN, code=1).stdout.decode()
    assert text.count("\n\n") == 3
    assert decode(ORPHAN).returncode == 0


@test
def nothing_recognised_exits_1_with_a_hint():
    with open(CLEAN, "rb") as clean, open("/dev/null", "rb") as nothing:
        for arguments, stdin in (([CLEAN], None), ([], clean), ([], nothing)):
            result = decode(*arguments, code=1, stdin=stdin)
            assert result.stdout == b""
            (error,) = lines_of(result.stderr, "error")
            assert "Nothing recognised" in error and "kernel log" in error
    assert decode("--json", CLEAN, code=1).stdout == b"[\n\n]\n"


@test
def files_that_cannot_be_read_are_errors_that_name_them():
    with folder_for_nobody() as (folder, nobody):
        secret = folder / "secret.log"
        secret.write_bytes(OOPS.read_bytes())
        secret.chmod(0)
        result = command("decode", secret, program=nobody)
        assert result.returncode == 1
        (error,) = lines_of(result.stderr, "error")
        assert str(secret) in error and "Permission denied" in error
        result = decode(folder, "1", code=1)
        (error,) = lines_of(result.stderr, "error")
        assert str(folder) in error and "directory" in error
        # Without any privilege it reads the rest.
        assert command("decode", "--json", OOPS, program=nobody).returncode == 0


@test
def pipes_are_read_to_their_end():
    content = OOPS.read_bytes()
    expected = objects(OOPS)
    with tempfile.TemporaryDirectory() as folder:
        fifo = pathlib.Path(folder) / "fifo"
        os.mkfifo(fifo)
        script = 'cat "$1" > "$2" & "$3" decode --json "$2"; wait'
        result = subprocess.run(
            ["sh", "-c", script, "sh", OOPS, fifo, PROGRAM],
            stdout=subprocess.PIPE,
            timeout=TIMEOUT,
            check=True,
        )
        assert json.loads(result.stdout)[0]["taints"] == expected[0]["taints"]
    # As <(dmesg) of a shell has it, and in pieces.
    read, write = os.pipe()
    process = subprocess.Popen(
        [PROGRAM, "decode", "--json", f"/dev/fd/{read}"],
        stdout=subprocess.PIPE,
        pass_fds=[read],
    )
    os.close(read)
    with open(write, "wb", buffering=0) as pipe:
        for at in range(0, len(content), 7):
            pipe.write(content[at : at + 7])
    output, _ = process.communicate(timeout=TIMEOUT)
    assert json.loads(output)[0]["taints"] == expected[0]["taints"]


@test
def a_signal_while_a_log_is_read_is_no_error():
    for error, number, code in (("EINTR", 1, 0), ("EINTR", 2, 0), ("EIO", 1, 1)):
        program = injecting(f"read:error={error}:when={number}", "-P", str(OOPS))
        result = command("--no-sandbox", "decode", OOPS, program=program)
        assert result.returncode == code, result
        assert (b"BUG: kernel NULL" in result.stdout) == (code == 0), result


@test
def a_dialect_that_is_given_wins_over_what_a_log_says():
    (item,) = objects("--dialect=rhel8", OOPS)
    assert (item["dialect"], item["dialect_by"]) == ("rhel8", "flag")
    assert item["release"] == "6.1.0-56-amd64"
    (item,) = objects("--dialect=auto", OOPS)
    assert (item["dialect"], item["dialect_by"]) == ("mainline", "release")


# ---- what is hostile ----


@test
def nothing_that_a_terminal_would_obey_is_printed():
    evil = b"\x1b]0;title\x07\x1b[2J\x08\x7f\xc2\x9b31m\xff\x00"
    lines = [
        evil + b": loading out-of-tree module taints kernel.",
        b"BUG: " + evil,
        b"CPU: 0 Comm: " + evil + b" Tainted: P " + evil + b" 6.1.0 #1",
        b"Modules linked in: " + evil + b"(OE) x(" + evil + b") [last unloaded: " + evil,
        b"Unloaded tainted modules: " + evil + b"():1",
        b"Supported: " + evil,
        b"Linux version 6.1." + evil,
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "evil\x1b[2J.log"
        file.write_bytes(b"\n".join(lines * 3))
        for flags in ([], ["--json"]):
            output = decode(*flags, file).stdout.decode("utf-8")
            assert all(char == "\n" or char.isprintable() for char in output), output
        assert [item["kind"] for item in objects(file)].count("report") >= 3


def limited(*arguments, memory, **options):
    """Decodes with so many bytes of address space, beside what the program itself has."""
    return command(
        "decode",
        *arguments,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory)),
        **options,
    )


@test
def memory_does_not_depend_on_the_length_of_a_log():
    if is_instrumented():
        return  # whose shadow takes terabytes of addresses
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "large.log"
        oops = OOPS.read_bytes()
        names = b"".join(
            b"[ 1.0] m%d: loading out-of-tree module taints kernel.\n" % number
            for number in range(20000)
        )
        filler = CLEAN.read_bytes()
        filler = filler[filler.index(b"\n") + 1 :] * 400
        log.write_bytes(names + (oops + filler) * 4 + b"x" * 10_000_000 + b"\n" + oops)
        with open(os.devnull, "wb") as devnull:
            result = limited(log, memory=64 << 20, stdout=devnull)
        assert result.returncode == 0, result.stderr
        items = objects(log)
    assert [item["kind"] for item in items] == ["report"] * 5 + ["boot"]
    lines = [item["line"] for item in items if item["kind"] == "report"]
    assert lines == sorted(set(lines))
    # Names are counted within bounds, and none is lost.
    announced = items[-1]["announcements"]
    assert sum(entry["count"] for entry in announced) == 20000
    assert len(announced) < 200
    assert announced[-1]["module"] == ""


# ---- how it ends ----


@test
def standard_output_that_takes_nothing_is_an_error():
    with open("/dev/full", "wb") as full:
        result = decode("1", stdout=full, code=1)
    assert len(lines_of(result.stderr, "error")) == 1
    read, write = os.pipe()
    os.close(read)
    result = command("decode", *[OOPS] * 500, stdout=write)
    os.close(write)
    assert result.returncode not in (0, 2), result.returncode


@test
def closed_streams_are_never_written_to_or_read_instead():
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "a.log"
        log.write_bytes(OOPS.read_bytes())
        expected = decode(log).stdout
        for closed in CLOSED_STREAMS:
            result = command(
                "-c", f'exec "$0" decode "$@" {closed}', PROGRAM, log, program=["sh"]
            )
            is_mute = " >&-" in closed
            assert result.returncode == int(is_mute), closed
            assert result.stdout == (b"" if is_mute else expected), closed
            assert log.read_bytes() == OOPS.read_bytes()
        # There is no standard input to read.
        result = command("-c", f'exec "$0" decode <&-', PROGRAM, program=["sh"])
        assert result.returncode == 1
        assert len(lines_of(result.stderr, "error")) == 1


@test
def more_files_than_can_be_open_are_an_error_of_those_alone():
    result = command(
        "decode",
        "--json",
        *[ORPHAN] * 40,
        "1",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30)),
    )
    assert result.returncode == 1
    items = json.loads(result.stdout)
    assert items[-1]["kind"] == "mask"
    assert 20 <= len(items) < 40
    errors = lines_of(result.stderr, "error")
    assert len(errors) == 41 - len(items)
    assert all("Too many open files" in error for error in errors)


@test
def in_the_sandbox_no_file_is_opened():
    if is_instrumented() or not IS_ROOT:
        return
    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder) / "trace"
        subprocess.run(
            ["strace", "-f", "-o", trace, PROGRAM, "decode", OOPS, "-", "12289"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT,
            check=False,
        )
        inside = trace.read_text().rpartition("SECCOMP_SET_MODE_FILTER")[2]
    assert "exit_group" in inside
    opened = [line for line in inside.splitlines() if "open" in line]
    assert all("= -1 EACCES" in line for line in opened), opened


run()
