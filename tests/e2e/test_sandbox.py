# SPDX-License-Identifier: Apache-2.0
"""
The program inside its sandbox, which is where all other tests have it, too: what the
kernel says of it, that its pages are whole there for root and for others, and that it
stays so for long. What the walls keep out is tried by
tests/unit/test_sandbox.c.
"""

import base64
import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess

from suite import PROGRAM, SCENES, run, test
from commands import IS_ROOT, PROPRIETARY, command, folder_for_nobody, lines_of
from exporter import Exporter, TIMEOUT, scene_flags, wait_until
from modules import IN_TREE, Tree, elf
from scenery import (
    ALL_SUCCESSFUL,
    families,
    make_wide_scene,
    successes,
    temporary_folder,
    value,
)

LAYERS = ("capabilities", "landlock", "seccomp")
PATIENCE = "--collector.signature.wait=60s"
MODULE_FILES = [*scene_flags(SCENES / "module-files"), PATIENCE]
MANY = 2000


def status(pid):
    """{field: its first word} of each of the process' threads."""
    return [
        dict(re.findall(r"^(\w+):\s+(\S+)", path.read_text(), re.MULTILINE))
        for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status")
    ]


def layers(samples):
    """{layer: 1 or 0}"""
    return {
        layer: value(samples, "kernel_taint_exporter_sandbox", layer=layer)
        for layer in LAYERS
    }


def scrape(exporter, path="/metrics"):
    code, _, page = exporter.get(path)
    assert code == 200, page
    return families(page)


def drop_caches():
    """Whatever of /proc and /sys nobody has open the kernel makes anew afterwards."""
    if IS_ROOT:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("2\n")


@contextlib.contextmanager
def as_anybody(*flags):
    """The program as root, if that is possible, and as nobody, one after the other."""
    with folder_for_nobody() as (_, nobody):
        yield [Exporter([PROGRAM], *flags), Exporter(nobody, *flags)]


@test
def the_kernel_and_the_page_say_that_all_walls_are_shut():
    with as_anybody(*MODULE_FILES) as exporters:
        for exporter in exporters:
            with exporter:
                samples = scrape(exporter)
                assert layers(samples) == dict.fromkeys(LAYERS, 1), exporter.log
                threads = status(exporter.process.pid)
                assert len(threads) > 1, "the inspector's thread is missing"
                for thread in threads:
                    assert thread["NoNewPrivs"] == "1"
                    assert thread["Seccomp"] == "2"
                    wanted = ["CapInh", "CapPrm", "CapEff", "CapAmb"]
                    if thread["Uid"] == "0":
                        wanted.append("CapBnd")
                    for field in wanted:
                        assert int(thread[field], 16) == 0, (field, thread[field])


@test
def pages_are_whole_inside():
    with as_anybody(*MODULE_FILES) as exporters:
        pages = []
        for exporter in exporters:
            with exporter:
                samples = scrape(exporter)
                assert successes(samples) == ALL_SUCCESSFUL
                pages.append({key for key in samples})
        outside = Exporter(PROGRAM, *MODULE_FILES, "--no-sandbox")
        with outside:
            samples = scrape(outside)
            assert layers(samples) == dict.fromkeys(LAYERS, 0)
            pages.append({key for key in samples})
        assert "msg=\"Running without the sandbox, as --no-sandbox says\"" in outside.log
        assert pages[0] == pages[1] == pages[2]
        assert value(samples, "process_open_fds") > 3
        for exporter in exporters:
            assert "sandbox" not in exporter.log.replace("taint_sandbox", ""), exporter.log


@test
def the_real_host_is_read_inside():
    with as_anybody("--log.level=debug") as exporters:
        for exporter in exporters:
            with exporter:
                samples = scrape(exporter)
                # Kernels without modules, and hosts without their files, are hosts, too.
                found = successes(samples)
                assert found["kernel"] == found["modules"] == 1, exporter.log
                assert value(samples, "process_open_fds") > 3
                assert value(samples, "process_resident_memory_bytes") > 0


@test
def once_is_inside_as_well():
    result = command("once", *PROPRIETARY)
    assert (result.returncode, result.stderr) == (0, b"")
    assert layers(families(result.stdout)) == dict.fromkeys(LAYERS, 1)
    result = command("once", *PROPRIETARY, "--no-sandbox")
    assert layers(families(result.stdout)) == dict.fromkeys(LAYERS, 0)
    assert len(lines_of(result.stderr, "warn")) == 1
    with temporary_folder() as folder:
        file = folder / "page.prom"
        result = command("once", *PROPRIETARY, f"--output={file}")
        assert (result.returncode, result.stderr) == (0, b"")
        assert layers(families(file.read_bytes())) == dict.fromkeys(LAYERS, 1)
        assert os.listdir(folder) == ["page.prom"]
        # Beside a working folder, and in it.
        for name in ("page.prom", "./page.prom", "../" + folder.name + "/page.prom"):
            file.unlink()
            result = command("once", *PROPRIETARY, f"--output={name}", cwd=folder)
            assert (result.returncode, result.stderr) == (0, b"")
            assert os.listdir(folder) == ["page.prom"]


@test
def status_is_inside_as_well():
    with temporary_folder() as folder:
        scene = make_wide_scene(folder / "scene")
        process = subprocess.Popen(
            [PROGRAM, "status", *scene_flags(scene)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        try:
            # The pipe is full before all is written, and nobody reads on.
            first = process.stdout.read(1)
            (thread, *_) = status(process.pid)
            assert (thread["NoNewPrivs"], thread["Seccomp"]) == ("1", "2")
            assert int(thread["CapEff"], 16) == 0
            output, errors = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
            process.wait()
        assert first + output[:4] == b"clean", output[:50]
        assert (process.returncode, errors) == (0, b"")


@test
def root_writes_and_reads_what_belongs_to_others():
    with folder_for_nobody() as (folder, _):
        file = folder / "one.ko"
        file.write_bytes(elf(IN_TREE))
        if IS_ROOT:
            os.chown(file, 65534, 65534)
        file.chmod(0o600)
        folder.chmod(0o700)
        result = command("module", file)
        assert result.returncode == 0, result
        result = command("once", f"--output={folder}/page.prom")
        assert (result.returncode, result.stderr) == (0, b"")


@test
def module_reads_the_files_that_are_named_and_no_others():
    with temporary_folder() as folder:
        for name in ("one", "two"):
            (folder / f"{name}.ko").write_bytes(elf(IN_TREE))
        (folder / "link.ko").symlink_to("two.ko")
        for arguments in (["one.ko"], ["./link.ko"], ["one.ko", "two.ko", "link.ko"]):
            result = command("module", *arguments, cwd=folder)
            assert result.returncode == 0, result
        # Relative to standard input, and as it.
        with open(folder / "one.ko", "rb") as file:
            result = command("module", "/dev/stdin", stdin=file)
        assert result.returncode == 0, result
        result = command("module", "three.ko", cwd=folder)
        assert (result.returncode, b"No such file" in result.stdout) == (1, True), result


@test
def a_module_file_outside_of_the_folders_of_modules_cannot_be_read():
    with temporary_folder() as folder:
        tree = Tree(folder / "scene", ("inside", "OE"), ("outside", "OE"))
        tree.add("kernel/inside.ko", elf(IN_TREE))
        (tree.folder / "opt").mkdir()
        (tree.folder / "opt/outside.ko").write_bytes(elf(IN_TREE))
        tree.list("kernel/inside.ko", "/opt/outside.ko")
        for flags, expected in (([], "unreadable"), (["--no-sandbox"], "none")):
            with Exporter(
                PROGRAM, *scene_flags(tree.folder), PATIENCE, *flags
            ) as exporter:
                files = {
                    dict(labels)["module"]: dict(labels)["signature"]
                    for name, labels in scrape(exporter)
                    if name == "kernel_taint_module_info"
                }
            assert files == {"inside": "none", "outside": expected}, files
            assert ("/opt/outside.ko" in exporter.log) == (not flags)


@test
def a_host_with_merged_folders_is_read():
    with temporary_folder() as folder:
        tree = Tree(folder / "scene", ("one", "OE"))
        tree.add("kernel/one.ko", elf(IN_TREE))
        tree.index()
        (tree.folder / "usr").mkdir()
        os.rename(tree.folder / "lib", tree.folder / "usr/lib")
        for target in ("usr/lib", "/usr/lib"):
            (tree.folder / "lib").symlink_to(target)
            with Exporter(PROGRAM, *scene_flags(tree.folder), PATIENCE) as exporter:
                assert value(
                    scrape(exporter), "kernel_taint_module_files", signature="none"
                ) == 1, target
            (tree.folder / "lib").unlink()


@test
def it_reads_itself_for_ever_whatever_the_kernel_forgets():
    with as_anybody(*MODULE_FILES) as exporters:
        for exporter in exporters:
            with exporter:
                wanted = set(scrape(exporter))
                for number in range(MANY):
                    if number % 100 == 0:
                        drop_caches()
                    found = set(scrape(exporter))
                    assert found == wanted, found ^ wanted
                    assert exporter.process.poll() is None


@test
def collectors_that_rest_come_back_after_the_kernel_forgot():
    with Exporter(PROGRAM, *scene_flags(SCENES / "module-files"), PATIENCE) as exporter:
        for _ in range(20):
            # What a pass does not read is closed, and opened anew by the next one.
            scrape(exporter, "/metrics?collect[]=kernel")
            drop_caches()
            samples = scrape(exporter)
            assert successes(samples) == ALL_SUCCESSFUL
            assert value(samples, "process_open_fds") > 3


def make_certificate(folder, name):
    """A key and a certificate for localhost by itself, put in the place of older ones."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", folder / "new.key", "-out", folder / "new.crt"],
        check=True,
        capture_output=True,
        timeout=TIMEOUT,
    )
    for kind in ("key", "crt"):
        os.replace(folder / f"new.{kind}", folder / f"server.{kind}")
    return (folder / "server.crt").read_text()


NEW_CONFIGURATION = "Using the new web configuration"

# bcrypt(prometheus), with the least work that there is.
HASH = "$2b$04$N9qo8uLOickgx2ZMRZoMyeKQLtwF.hql3pdVvKubhvemNdPYOnHPC"


@test
def a_server_with_tls_and_users_lives_inside_and_takes_new_certificates():
    with temporary_folder() as folder:
        make_certificate(folder, "first")
        (folder / "web.yml").write_text(
            "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
            f"basic_auth_users:\n  alice: {HASH}\n"
        )

        def ask(exporter, password, certificate):
            trusting = ssl.create_default_context(cadata=certificate)
            connection = http.client.HTTPSConnection(
                exporter.host, exporter.port, timeout=TIMEOUT, context=trusting
            )
            user = base64.b64encode(f"alice:{password}".encode()).decode()
            with contextlib.closing(connection):
                connection.request(
                    "GET",
                    "/metrics",
                    headers={"Authorization": f"Basic {user}", "Accept-Encoding": "gzip"},
                )
                response = connection.getresponse()
                response.read()
                return response.status

        with Exporter(
            PROGRAM, *MODULE_FILES, f"--web.config.file={folder / 'web.yml'}"
        ) as exporter:
            for name in ("second", "third", "fourth"):
                certificate = (folder / "server.crt").read_text()
                with concurrent.futures.ThreadPoolExecutor(8) as pool:
                    asked = [
                        pool.submit(ask, exporter, password, certificate)
                        for password in ("prometheus", "wrong") * 10
                    ]
                    assert [future.result() for future in asked] == [200, 401] * 10
                # One that speaks no TLS, and one that goes away.
                with socket.create_connection((exporter.host, exporter.port)) as client:
                    client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
                    client.recv(1000)
                socket.create_connection((exporter.host, exporter.port)).close()
                make_certificate(folder, name)
                read = exporter.log.count(NEW_CONFIGURATION)
                exporter.process.send_signal(signal.SIGHUP)
                # Whoever knows only the new one gets in.
                certificate = (folder / "server.crt").read_text()
                wait_until(
                    lambda read=read: exporter.log.count(NEW_CONFIGURATION) > read,
                    what="new configuration",
                )
                assert ask(exporter, "prometheus", certificate) == 200
            for thread in status(exporter.process.pid):
                assert thread["Seccomp"] == "2" and int(thread["CapEff"], 16) == 0


run()
