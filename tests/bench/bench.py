#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Speed and size of the exporter beside its peers, as ratios within one run.

Usage: bench.py PROGRAM PHASES

The peers: "bare", a libmicrohttpd server with one thread and a constant page of the same
size; "node", Debian's prometheus-node-exporter with only the taint mask, and "textfile",
the same with our page from a file; "floor", the raw cost of opening, reading and closing
the same files and copying the page. PHASES is tests/bench/phases, built.

All servers run at the same time on one synthetic host and are asked in turns, so that a
machine that gets slower does so for all. A ratio is the median over the rounds of each
round's ratio. All run on one processor, where the kernel, too, puts a client and a server
that take turns; the table has the comparison with the client on another one as well,
where waking the idle processor costs more than a bare answer.

The exporter runs as it is installed, in its sandbox and with every collector that is on
by default; the synthetic host has no module files. What these cost is measured after
that, on a tree of compressed modules with the sizes that a host's have; they are in the
page cache. Then the command decode, beside grep on the same log.

Nothing here fails: a missed target is only printed.
"""

import http.client
import lzma
import math
import os
import random
import re
import resource
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
NODE_EXPORTER = "/usr/bin/prometheus-node-exporter"
ROUNDS = 25
SCALES = (100, 1000, 10000)

# What Prometheus 2.42 sends.
ACCEPT = ("Accept: application/openmetrics-text;version=1.0.0;q=0.75,"
          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
GZIP = "Accept-Encoding: gzip"
TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds: 10"

WITHOUT_FILES = "--no-collector.signature"

# ---- a synthetic host ----

RELEASE = "6.1.0-44-amd64"
FILES = {
    "proc/sys/kernel/tainted": "12289\n",
    "proc/sys/kernel/osrelease": RELEASE + "\n",
    "proc/sys/kernel/modules_disabled": "0\n",
    "proc/version": f"Linux version {RELEASE} (debian-kernel@lists.debian.org) (gcc-12 "
                    "(Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) "
                    "2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.164-1 (2026-03-09)\n",
    "proc/cmdline": f"BOOT_IMAGE=/boot/vmlinuz-{RELEASE} root=UUID=5f7b1c9e-58f4-4c8e-"
                    "9f34-0d9b4c4f3a11 ro quiet splash panic_on_taint=0x20,nousertaint\n",
    "sys/module/module/parameters/sig_enforce": "N\n",
    "sys/kernel/security/lockdown": "[none] integrity confidentiality\n",
    "sys/kernel/warn_count": "0\n",
    "sys/kernel/oops_count": "0\n",
}
STEMS = ("nf_conntrack", "snd_hda_codec", "i2c_algo", "drm_kms", "usb_serial", "dm",
         "crypto_simd", "ip6table", "vboxdrv", "nvidia", "zfs", "mlx5", "kvm", "xt")
LETTERS = ("OE", "POE", "O")


def make_host(root, modules, tainting, built_ins=80):
    """A procfs and sysfs as Debian 12 has them; returns the files that a scrape reads."""
    chance = random.Random(modules)
    files = dict(FILES)
    lines, read = [], list(FILES) + ["proc/modules"]
    for i in range(modules):
        name = f"{STEMS[i % len(STEMS)]}_{i}"
        letters = LETTERS[i % len(LETTERS)] if i * tainting % modules < tainting else ""
        users = [f"{chance.choice(STEMS)}_{chance.randrange(modules)},"
                 for _ in range(chance.choice((0, 0, 1, 2, 5)))]
        lines.append(f"{name} {chance.randrange(1, 400) * 4096} {len(users)} "
                     f"{''.join(users) or '-'} Live {0xffffffffc0000000 + i * 0x9000:#x}"
                     f"{f' ({letters})' if letters else ''}\n")
        files[f"sys/module/{name}/initstate"] = "live\n"
        files[f"sys/module/{name}/taint"] = letters + "\n"
        if letters:
            read.append(f"sys/module/{name}/taint")
    for i in range(built_ins - 1):  # sig_enforce is in one, too
        files[f"sys/module/built_in_{i}/parameters/debug"] = "0\n"
    files["proc/modules"] = "".join(lines)
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return read


# Real modules: a small one, and one with Debian's signature.
SCENE = HERE.parent / "scenes/module-files/lib/modules/6.1.0-56-amd64"
PLAIN, SIGNED = SCENE / "updates/lab_prop.ko", SCENE / "kernel/lib/crc7.ko.xz"
MARKER = b"~Module signature appended~\n"

MEDIAN_SIZE, LARGEST_SIZES = 40000, (5000000, 3000000, 2500000, 1500000, 1000000)


def signature_of(module):
    """Blob, trailer and marker of a signed module."""
    length = int.from_bytes(module[-len(MARKER) - 4:-len(MARKER)], "big")
    return module[-len(MARKER) - 12 - length:]


def code(size, chance, text):
    """Bytes that zstd makes as small as it makes code: to a third or so."""
    pieces = []
    while size > 0:
        piece = chance.randbytes(20) + text[(start := chance.randrange(len(text))):
                                            start + 60]
        pieces.append(piece[:size])
        size -= len(piece)
    return b"".join(pieces)


def make_module_files(root):
    """Files for the modules of a host: paths from the root, and the unpacked sizes."""
    chance = random.Random(1)
    names = [line.split()[0] for line in (root / "proc/modules").read_text().splitlines()]
    sizes = [*LARGEST_SIZES]
    while len(sizes) < len(names):
        size = int(chance.lognormvariate(math.log(MEDIAN_SIZE), 1))
        sizes.append(min(max(size, 8000), LARGEST_SIZES[-1]))
    chance.shuffle(sizes)
    signature = signature_of(lzma.decompress(SIGNED.read_bytes()))
    text, padding = PLAIN.read_bytes(), root / "padding"
    folder = root / "lib/modules" / RELEASE
    paths = []
    for number, (name, size) in enumerate(zip(names, sizes)):
        path = folder / f"kernel/drivers/{STEMS[number % len(STEMS)]}/{name}.ko"
        path.parent.mkdir(parents=True, exist_ok=True)
        padding.write_bytes(code(size - len(text) - len(signature), chance, text))
        subprocess.check_call(["objcopy", f"--add-section=.text.more={padding}",
                               "--set-section-flags=.text.more=alloc,readonly,code",
                               PLAIN, path])
        with open(path, "ab") as file:
            file.write(signature)
        paths.append(path)
        # As the kernel shows it; the build ID is that of the small module.
        module = root / "sys/module" / name
        (module / "srcversion").write_text("29B8B06DC16DEC16B466F94\n")
        (module / "notes").mkdir()
        build_id = bytes.fromhex("5abb312c327059edfaab8b2568d3b1ee369297d6")
        note = b"\4\0\0\0\x14\0\0\0\3\0\0\0GNU\0" + build_id
        (module / "notes/.note.gnu.build-id").write_bytes(note)
    sizes = [path.stat().st_size for path in paths]
    subprocess.check_call(["zstd", "-q", "-T0", "--rm", *paths])
    paths = [f"{path.relative_to(folder)}.zst" for path in paths]
    others = [f"kernel/drivers/other/other_{i}.ko.zst" for i in range(4000)]
    (folder / "modules.dep").write_text(
        "".join(f"{path}: {chance.choice(others)}\n" for path in sorted(paths + others)))
    return [f"lib/modules/{RELEASE}/{path}" for path in paths], sizes


# ---- servers ----

def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A running server; COMMAND is called with the port that it shall listen on."""

    def __init__(self, command, path="/metrics"):
        self.port, self.path = free_port(), path
        start = time.monotonic()
        self.process = subprocess.Popen(command(self.port), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.page = self.first_answer(start + 10)
        self.started_in = time.monotonic() - start

    def first_answer(self, deadline):
        request = f"GET {self.path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 10) as client:
                    client.sendall(request)
                    reply = b"".join(iter(lambda: client.recv(1 << 20), b""))
                return reply.partition(b"\r\n\r\n")[2]
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def cpu(self):
        """Microseconds of processor time since the start, of all threads."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        nanoseconds = [int((task / "schedstat").read_text().split()[0]) for task in tasks]
        return sum(nanoseconds) / 1e3

    def memory(self, *keys):
        """VmRSS and RssAnon, or KEYS, in KiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        return [int(status[key].split()[0]) for key in keys or ("VmRSS", "RssAnon")]

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Bench:
    def __init__(self, program, phases, folder):
        self.program, self.phases, self.folder = program, phases, folder
        compiler = shlex.split(os.environ.get("CC") or "gcc")
        flags = shlex.split(subprocess.check_output(
            ["pkg-config", "--cflags", "--libs", "libmicrohttpd"], text=True))
        for name in ("load", "bare", "floor"):
            subprocess.check_call([*compiler, "-std=gnu17", "-O2", "-D_GNU_SOURCE", "-o",
                                   folder / name, HERE / f"{name}.c", *flags])

    def exporter(self, host, *flags):
        return lambda port: [self.program, f"--web.listen-address=127.0.0.1:{port}",
                             f"--path.procfs={host}/proc", f"--path.sysfs={host}/sys",
                             f"--path.rootfs={host}", *flags]

    def bare(self, page):
        file = self.folder / "page"
        file.write_bytes(page)
        return lambda port: [self.folder / "bare", str(port), file]

    @staticmethod
    def node(host):
        return lambda port: [NODE_EXPORTER, "--collector.disable-defaults",
                             "--collector.sysctl",
                             "--collector.sysctl.include=kernel.tainted",
                             f"--path.procfs={host}/proc",
                             f"--web.listen-address=127.0.0.1:{port}"]

    @staticmethod
    def textfile(folder, page):
        """As --collector.textfile serves what is ours, without what is node's own too."""
        folder.mkdir()
        lines = [line for line in page.splitlines(keepends=True) if b"process_" not in line]
        (folder / "page.prom").write_bytes(b"".join(lines))
        return lambda port: [NODE_EXPORTER, "--collector.disable-defaults",
                             "--collector.textfile",
                             f"--collector.textfile.directory={folder}",
                             f"--web.listen-address=127.0.0.1:{port}"]

    def load(self, server, requests, *headers):
        """Microseconds of a scrape: median, 99th percentile, processor time; scrapes/s."""
        before = server.cpu()
        printed = subprocess.check_output(
            [self.folder / "load", str(server.port), server.path, str(requests), ACCEPT,
             TIMEOUT, *headers], text=True)
        p50, p99, rate = map(float, printed.split())
        return p50, p99, (server.cpu() - before) / requests, rate

    def floor(self, host, read, page, passes):
        """Microseconds of a pass: median, processor time."""
        (self.folder / "list").write_text("".join(path + "\n" for path in read))
        (self.folder / "page").write_bytes(page)
        command = [self.folder / name for name in ("floor", "list", "page")]
        printed = subprocess.check_output([*command, str(passes)], cwd=host, text=True)
        return list(map(float, printed.split()))

    def look(self, host, paths, passes):
        """Microseconds of a look at each of PATHS: median, processor time."""
        (self.folder / "list").write_text("".join(path + "\n" for path in paths))
        command = [self.folder / "floor", self.folder / "list", "-", str(passes)]
        printed = subprocess.check_output(command, cwd=host, text=True)
        return list(map(float, printed.split()))


# ---- the table ----

def heading(*columns):
    print()
    row(*columns)
    print("-" * 90)


def row(measure, ours, peer="", ratio="", target="", verdict=""):
    line = f"{measure:<34}{ours:>11}{peer:>11}{ratio:>10}   {target:<13}{verdict}"
    print(line.rstrip())


def verdict_row(measure, ours, peer, ratio, target, met):
    row(measure, ours, peer, f"{ratio:.2f}x", target, "met" if met else "missed")


def middle(rounds, number):
    return statistics.median(values[number] for values in rounds)


def ratio_of(dividends, divisors, number, divisor_number=None):
    divisor_number = number if divisor_number is None else divisor_number
    return statistics.median(a[number] / b[divisor_number]
                             for a, b in zip(dividends, divisors))


# ---- what is measured ----

def in_turns(bench, turns):
    """A turn is a server, a number of requests, further headers; returns its rounds."""
    for server, requests, headers in turns:
        bench.load(server, requests, *headers)
    return list(zip(*[[bench.load(server, requests, *headers)
                       for server, requests, headers in turns] for _ in range(ROUNDS)]))


MEASURES = ("p50", "p99", "CPU per scrape")
RATE = len(MEASURES)  # where a round has its scrapes per second


def compare_with_bare(title, our, bare):
    heading(title, "ours", "bare", "ratio", "target")
    for number, (measure, most) in enumerate(zip(MEASURES, (1.8, None, 2.3))):
        values = (measure, f"{middle(our, number):.1f}", f"{middle(bare, number):.1f}")
        ratio = ratio_of(our, bare, number)
        if most:
            verdict_row(*values, ratio, f"at most {most}", ratio <= most)
        else:
            row(*values, f"{ratio:.2f}x")
    rates = middle(our, RATE), middle(bare, RATE)
    ratio = ratio_of(our, bare, RATE)
    verdict_row("scrapes a second", *(f"{rate:.0f}" for rate in rates), ratio,
                "at least 0.5", ratio >= 0.5)


def compare_with_node(title, our, node, targets):
    heading(title, "ours", "node", "node/ours", "target")
    for number, measure in enumerate(MEASURES):
        values = (measure, f"{middle(our, number):.1f}", f"{middle(node, number):.1f}")
        ratio = ratio_of(node, our, number)
        if targets and targets[number]:
            verdict_row(*values, ratio, f"at least {targets[number]}",
                        ratio >= targets[number])
        else:
            row(*values, f"{ratio:.2f}x")


def compare_memory(ours, node, bare):
    heading("memory, KiB", "ours", "node", "node/ours", "target")
    verdict_row("resident (VmRSS)", ours[0], node[0], node[0] / ours[0], "at least 3",
                node[0] >= 3 * ours[0])
    row("of it its own (RssAnon)", ours[1], node[1], f"{node[1] / ours[1]:.2f}x")
    for measure, value, most in (("resident (VmRSS)", ours[0], 8192),
                                 ("of it its own (RssAnon)", ours[1], 1536)):
        row(measure, value, "", "", f"at most {most}", "met" if value <= most else "missed")
    row("bare: resident, its own", *bare)


def compare(bench, host):
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[-1]})
    with Server(bench.exporter(host)) as ours, \
            Server(bench.bare(ours.page)) as bare, Server(bench.node(host)) as node, \
            Server(bench.textfile(bench.folder / "textfile", ours.page)) as textfile:
        our, bare_rounds, node_rounds, textfile_rounds, our_gzip, node_gzip = in_turns(
            bench, [(ours, 1000, ()), (bare, 1000, ()), (node, 300, ()),
                    (textfile, 300, ()), (ours, 1000, (GZIP,)), (node, 300, (GZIP,))])
        memory = [server.memory() for server in (ours, node, bare)]
        os.sched_setaffinity(0, {processors[0]})
        apart = in_turns(bench, [(ours, 1000, ()), (bare, 1000, ())])
        os.sched_setaffinity(0, {processors[-1]})

    print(f"page of {len(ours.page)} bytes, {ROUNDS} rounds; times in microseconds")
    compare_with_bare("kept connection", our, bare_rounds)
    compare_with_bare("client on another processor", *apart)
    compare_with_node("kept connection", our, node_rounds, (8, None, 12))
    compare_with_node("the same, gzip", our_gzip, node_gzip, None)
    compare_with_node("node with our page in a textfile", our, textfile_rounds,
                      (15, None, 20))
    compare_memory(*memory)
    return middle(our, 0), ours.page


# What phases marks, and what strace prints of it.
MARK = re.compile(r'write\(-1, "(\w+)"')
CALL = re.compile(r"^(?:\d+ +)?(\w+)\(")


def calls_of_phases(bench, flags):
    """{phase: {system call: how often in one pass}}, of all threads"""
    trace = bench.folder / "trace"
    subprocess.run(["strace", "-f", "-o", trace, bench.phases, "20", *flags], check=True,
                   stdout=subprocess.DEVNULL)
    calls, phase = {}, None
    for line in trace.read_text(errors="replace").splitlines():
        marked, call = MARK.search(line), CALL.search(line)
        if marked:
            phase = marked.group(1)
        elif call and phase:
            counts = calls.setdefault(phase, {})
            counts[call.group(1)] = counts.get(call.group(1), 0) + 1
    return calls


def phases(bench, host, read, page, served):
    """Where the time of a scrape goes, which takes SERVED microseconds in all."""
    flags = bench.exporter(host)(0)[1:]
    rounds = []
    for _ in range(9):
        printed = subprocess.check_output([bench.phases, "2000", *flags], text=True)
        rounds.append({name: float(number) for name, number in
                       (line.split() for line in printed.splitlines())})
    costs = {name: statistics.median(values[name] for values in rounds)
             for name in rounds[0]}
    allocations = costs.pop("allocations")
    calls = calls_of_phases(bench, flags)
    compress = costs.pop("compress")

    heading("one scrape by phase", "us", "calls", "share")
    costs["serve and send: the rest"] = served - sum(costs.values())
    for name, cost in costs.items():
        counts = calls.get(name, {})
        row(name, f"{cost:.1f}", sum(counts.values()) if name in calls else "",
            f"{100 * cost / served:.0f} %")
        if counts:
            print("    " + ", ".join(f"{count} {call}" for call, count in
                                     sorted(counts.items(), key=lambda item: -item[1])))
    row("for who wants it: compress", f"{compress:.1f}")
    row("allocations", f"{allocations:.0f}")
    floor, _ = bench.floor(host, read, page, 2000)
    row(f"floor: {len(read)} files, a copy", f"{floor:.1f}")


def start_up(bench, host):
    ours, node = [], []
    for _ in range(20):
        for times, command in ((ours, bench.exporter(host)), (node, bench.node(host))):
            with Server(command) as server:
                times.append(server.started_in * 1e3)
    ours, node = statistics.median(ours), statistics.median(node)
    heading("start, ms", "ours", "node", "node/ours", "target")
    verdict_row("before exec to first whole answer", f"{ours:.1f}", f"{node:.1f}",
                node / ours, "ours: 10 ms", ours <= 10)


def growth(bench, host):
    with Server(bench.exporter(host)) as server:
        states = []
        for requests in (1000, 10000):
            bench.load(server, requests)
            states.append((server.memory()[0], server.descriptors()))
    heading("after so many scrapes", "1,000", "11,000", "growth", "target")
    # A page of the program or a library may still be touched for the first time.
    targets = (("resident (VmRSS), KiB", 64), ("descriptors", 0))
    for (measure, most), before, after in zip(targets, *states):
        row(measure, before, after, f"{after - before:+}", f"at most {most}",
            "met" if after - before <= most else "missed")


def scaling(bench):
    heading("modules, 10 % tainting", "ours", "floor", "ratio", "target")
    for modules in SCALES:
        host = bench.folder / f"host-{modules}"
        read = make_host(host, modules, modules // 10)
        count = 100000 // modules
        with Server(bench.exporter(host, WITHOUT_FILES)) as server:
            bench.load(server, count)
            rounds = [(bench.load(server, count),
                       bench.floor(host, read, server.page, count)) for _ in range(9)]
        ours, floor = zip(*rounds)
        for measure, number, floor_number in (("p50", 0, 0), ("CPU per scrape", 2, 1)):
            values = (f"{modules:,}: {measure}", f"{middle(ours, number):.1f}",
                      f"{middle(floor, floor_number):.1f}")
            ratio = ratio_of(ours, floor, number, floor_number)
            if modules == SCALES[-1]:
                verdict_row(*values, ratio, "at most 2", ratio <= 2)
            else:
                row(*values, f"{ratio:.2f}x")


def timed_scrape(server):
    """Milliseconds of a scrape, those of processor time, and how many are pending."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    start, cpu = time.monotonic(), server.cpu()
    connection.request("GET", "/metrics")
    page = connection.getresponse().read().decode()
    elapsed = (time.monotonic() - start) * 1e3
    connection.close()
    pending = re.search(r'^kernel_taint_module_files{signature="pending"} (\d+)$', page,
                        re.MULTILINE)
    return elapsed, (server.cpu() - cpu) / 1e3, int(pending.group(1)) if pending else 0


def first_scrapes(bench, host):
    """Of servers that just started: the first scrape, and how many until all is known."""
    rounds = []
    for _ in range(9):
        for flags in ((), (WITHOUT_FILES,)):
            with Server(bench.exporter(host, *flags), path="/-/ready") as server:
                first = timed_scrape(server)
                count, pending = 1, first[2]
                while pending and count < 100:
                    count, pending = count + 1, timed_scrape(server)[2]
                rounds.append((*first[:2], count))
    ours, without = rounds[::2], rounds[1::2]
    heading("200 modules, first scrape, ms", "files", "without", "ratio", "target")
    for number, measure in enumerate(("time", "CPU")):
        row(measure, f"{middle(ours, number):.2f}", f"{middle(without, number):.2f}",
            f"{ratio_of(ours, without, number):.2f}x")
    most = max(values[2] for values in ours)
    row("scrapes until no file is pending", most, "", "", "1",
        "met" if most == 1 else "missed")


def later_scrapes(bench, host, paths):
    with Server(bench.exporter(host)) as ours, \
            Server(bench.exporter(host, WITHOUT_FILES)) as without:
        for server in (ours, without):
            bench.load(server, 500)
        rounds = [(bench.load(ours, 500), bench.load(without, 500),
                   bench.look(host, paths, 500)) for _ in range(ROUNDS)]
    ours, without, look = zip(*rounds)
    heading("200 modules, later scrapes", "files", "without", "ratio", "target")
    for number, measure in enumerate(MEASURES):
        row(measure, f"{middle(ours, number):.1f}", f"{middle(without, number):.1f}",
            f"{ratio_of(ours, without, number):.2f}x")
    heading("what the files add to that", "ours", "fstatat", "ratio", "target")
    for number, look_number in ((0, 0), (2, 1)):
        added = [[a[number] - b[number]] for a, b in zip(ours, without)]
        row(MEASURES[number], f"{middle(added, 0):.1f}",
            f"{middle(look, look_number):.1f}",
            f"{ratio_of(added, look, 0, look_number):.2f}x")


def files_memory(bench, host):
    keys = ("VmRSS", "RssAnon", "VmHWM")
    with Server(bench.exporter(host), path="/metrics?exclude[]=signature") as server:
        bench.load(server, 100)
        before = server.memory(*keys)
        server.path = "/metrics"
        while timed_scrape(server)[2]:
            pass
        once = server.memory(*keys)
        bench.load(server, 1000)
        after = server.memory(*keys)
    heading("200 modules, memory, KiB", "before", "after", "growth", "target")
    for number, (measure, most) in enumerate((("VmRSS", 2048), ("RssAnon", None))):
        for name, states in (("the first scrape", once), ("1,000 scrapes", after)):
            growth = states[number] - before[number]
            verdict = "met" if most and growth <= most else "missed" if most else ""
            row(f"{measure} after {name}", before[number], states[number], f"{growth:+}",
                f"at most {most}" if most else "", verdict)
    row("the most ever (VmHWM)", before[2], after[2], f"{after[2] - before[2]:+}")


def module_files(bench):
    host = bench.folder / "host-files"
    make_host(host, 200, 15)
    paths, sizes = make_module_files(host)
    packed = sum((host / path).stat().st_size for path in paths)
    print(f"\n{len(paths)} modules: {sum(sizes) / 1e6:.1f} MB, median "
          f"{statistics.median(sizes) / 1e3:.0f} KB, largest {max(sizes) / 1e6:.1f} MB; "
          f"zstd makes {packed / 1e6:.1f} MB of them")
    time.sleep(1.1)  # a file that has just changed is read again
    first_scrapes(bench, host)
    later_scrapes(bench, host, paths)
    files_memory(bench, host)


LOG_SIZE = 100_000_000


def make_log(path):
    """A log of a hundred megabytes: boots, and every now and then an oops."""
    logs = HERE.parent / "logs"
    boot, oops = ((logs / f"captured-{name}.log").read_bytes()
                  for name in ("clean", "oops"))
    piece = boot * 32 + oops
    with open(path, "wb") as file:
        for _ in range(LOG_SIZE // len(piece)):
            file.write(piece)


def timed_command(*command):
    """Milliseconds until it has ended, and those of processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    # Not to /dev/null, for which grep ends with the first match.
    subprocess.run(command, stdout=subprocess.PIPE, check=True)
    elapsed = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return elapsed * 1e3, cpu * 1e3


def decoding(bench):
    log = bench.folder / "large.log"
    make_log(log)
    grep = ("env", "LC_ALL=C", "grep", "-c", "Tainted", str(log))
    rounds = [(timed_command(bench.program, "decode", str(log)), timed_command(*grep))
              for _ in range(ROUNDS)]
    ours, theirs = zip(*rounds)
    heading("decode of 100 MB, ms", "ours", "grep -c", "ratio", "target")
    for number, measure in enumerate(("time", "CPU")):
        row(measure, f"{middle(ours, number):.1f}", f"{middle(theirs, number):.1f}",
            f"{ratio_of(ours, theirs, number):.2f}x")
    log.unlink()


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: bench.py PROGRAM PHASES")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(*map(os.path.abspath, sys.argv[1:]), Path(folder))
        host = bench.folder / "host"
        read = make_host(host, 150, 15)
        served, page = compare(bench, host)
        phases(bench, host, read, page, served)
        start_up(bench, host)
        growth(bench, host)
        scaling(bench)
        module_files(bench)
        decoding(bench)


if __name__ == "__main__":
    main()
