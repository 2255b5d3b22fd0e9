# SPDX-License-Identifier: Apache-2.0
"""
The package of Debian: what lintian says, what is in it, and its life in a clean Debian:
installed, run, upgraded, removed and purged.
"""

import pathlib
import re
import shutil
import subprocess

from suite import (
    BASE,
    BUILDER,
    DIST,
    FOLDER,
    HOME,
    installation,
    run,
    serve_tainted_host,
    test,
)
from exporter import Exporter

NAME = "kernel_taint_exporter"
PACKAGE = "prometheus-kernel-taint-exporter"
DEFAULTS = f"etc/default/{NAME}"
WANTED_BY = f"etc/systemd/system/multi-user.target.wants/{NAME}.service"
UNITS = [f"/lib/systemd/system/{NAME}.{kind}" for kind in ("service", "socket")]

# Of every file and link, folders aside.
CONTENTS = f"""
etc/default/{NAME}
lib/systemd/system/{NAME}.service
lib/systemd/system/{NAME}.socket
usr/bin/{NAME}
usr/lib/sysusers.d/{NAME}.conf
usr/share/bash-completion/completions/{NAME}
usr/share/doc/{PACKAGE}/README.md.gz
usr/share/doc/{PACKAGE}/changelog.Debian.gz
usr/share/doc/{PACKAGE}/changelog.gz
usr/share/doc/{PACKAGE}/copyright
usr/share/doc/{PACKAGE}/log.conf
usr/share/doc/{PACKAGE}/socket.conf
usr/share/fish/vendor_completions.d/{NAME}.fish
usr/share/{NAME}/RUNBOOKS.md
usr/share/{NAME}/kernel-taint-fleet.json
usr/share/{NAME}/kernel-taint-host.json
usr/share/{NAME}/kernel-taint-modules.json
usr/share/{NAME}/kernel_taint_alerts.yaml
usr/share/{NAME}/kernel_taint_rules.yaml
usr/share/{NAME}/prometheusrule.yaml
usr/share/lintian/overrides/{PACKAGE}
usr/share/man/man8/{NAME}.8.gz
usr/share/zsh/site-functions/_{NAME}
""".split()

# What packages leave behind as a matter of course.
NOT_OURS = re.compile(r"(var/(lib/dpkg|lib/apt|cache|log)|proc|run|src|sys|tmp)(/|$)")

DEB = next(DIST.glob(f"{PACKAGE}_*.deb"))
ROOT = BASE.copy(FOLDER / "debian")


def files(root):
    """{path: content, or target} of all that is in ROOT but NOT_OURS."""
    found = {}
    for path in sorted(root.folder.rglob("*")):
        name = str(path.relative_to(root.folder))
        if not NOT_OURS.match(name):
            found[name] = (
                path.readlink() if path.is_symlink()
                else path.read_bytes() if path.is_file()
                else None
            )
    return found


def apt(*words):
    return ROOT.run("apt-get", "--quiet", "--yes", *words)


def repacked(version, change=lambda folder: None):
    """The package as one of VERSION, after CHANGE."""
    folder = FOLDER / "repacked"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["dpkg-deb", "--raw-extract", DEB, folder], check=True)
    control = folder / "DEBIAN/control"
    control.write_text(re.sub("(?m)^Version: .*", f"Version: {version}", control.read_text()))
    change(folder)
    deb = FOLDER / f"{PACKAGE}_{version}_amd64.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", folder, deb], check=True,
                   stdout=subprocess.DEVNULL)
    return deb


@test
def lintian_has_neither_errors_nor_warnings():
    changes = next(DIST.glob("*.changes"))
    output = BUILDER.run("sh", "-c", 'lintian --fail-on error,warning "$1" 2>/dev/null', "sh",
                         f"{HOME}/source/build/dist/{changes.name}", user="builder")
    assert not output, output


@test
def every_override_says_why():
    for file in (pathlib.Path(__file__).parents[2] / "packaging/debian").rglob("*overrides"):
        assert file.read_text().startswith("# "), file


@test
def it_holds_what_an_administrator_looks_for():
    listing = subprocess.run(["dpkg-deb", "--contents", DEB], check=True, encoding="utf-8",
                             stdout=subprocess.PIPE).stdout
    entries = [line.split(maxsplit=5) for line in listing.splitlines()]
    assert sorted(e[5].removeprefix("./") for e in entries if e[0][0] != "d") == sorted(CONTENTS)
    for mode, owner, _, _, _, path in entries:
        assert owner == "root/root", path
        wanted = "rwxr-xr-x" if mode[0] == "d" or "/bin/" in path else "rw-r--r--"
        assert mode[1:] == wanted, (mode, path)


@test
def it_installs_and_is_switched_on():
    ROOT.install("systemd", "man-db")
    (ROOT / "src").mkdir(exist_ok=True)
    # What it depends on stays when it goes.
    depends = subprocess.run(["dpkg-deb", "--field", DEB, "Depends"], check=True,
                             encoding="utf-8", stdout=subprocess.PIPE).stdout
    apt("install", "--no-install-recommends",
        *[depend.split()[0] for depend in depends.split(",") if "|" not in depend])
    ROOT.before = files(ROOT)
    shutil.copy(DEB, ROOT / "src")
    yes = ROOT / "etc/apt/apt.conf.d/yes"
    yes.write_text('APT::Get::Assume-Yes "true";\n')
    ROOT.run("sh", "-c", "cd /src\n" + installation("Debian"))
    yes.unlink()
    assert (ROOT / WANTED_BY).is_symlink()
    assert not (ROOT / f"etc/systemd/system/sockets.target.wants/{NAME}.socket").exists()


@test
def its_units_verify():
    output = ROOT.run("systemd-analyze", "verify", "--man=yes", *UNITS)
    assert NAME not in output, output


@test
def its_user_can_do_nothing_but_run_it():
    passwd = ROOT.run("getent", "passwd", NAME).strip().split(":")
    assert passwd[5:] == ["/", "/usr/sbin/nologin"], passwd
    assert ROOT.run("getent", "shadow", NAME).split(":")[1] in ("*", "!*", "!"), passwd
    assert ROOT.run("id", "--groups", "--name", NAME).split() == [NAME]


@test
def the_program_serves_this_host_as_its_user():
    with Exporter(ROOT.command(f"/usr/bin/{NAME}", user=NAME)) as exporter:
        status, _, page = exporter.get()
        assert status == 200 and b"\nkernel_taint_mask " in page, page.decode()
        uid = int(ROOT.run("id", "--user", NAME))
        assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in pathlib.Path(
            f"/proc/{exporter.process.pid}/status").read_text()


@test
def the_program_serves_a_tainted_host_as_its_user():
    serve_tainted_host(ROOT, NAME)


@test
def the_manual_page_is_found():
    page = ROOT.run("man", "--pager=cat", NAME)
    assert "--collector.signature.trust" in page, page
    assert "kernel_taint_modules_hidden" in page, page


@test
def an_upgrade_keeps_what_the_administrator_changed():
    settings = 'ARGS="--collector.log"\n'
    (ROOT / DEFAULTS).write_text(settings)
    ROOT.run("systemctl", "disable", f"{NAME}.service")
    newer = repacked("1:0-1")
    shutil.copy(newer, ROOT / "src")
    apt("install", f"/src/{newer.name}")
    assert (ROOT / DEFAULTS).read_text() == settings
    assert not (ROOT / WANTED_BY).is_symlink()
    # Not even a new version of the file takes its place.
    newer = repacked("1:1-1", lambda folder: (folder / DEFAULTS).write_text("# new\n"))
    shutil.copy(newer, ROOT / "src")
    ROOT.run("dpkg", "--force-confdef", "--force-confold", "--install", f"/src/{newer.name}")
    assert (ROOT / DEFAULTS).read_text() == settings
    assert (ROOT / f"{DEFAULTS}.dpkg-dist").read_text() == "# new\n"


@test
def what_is_removed_leaves_its_settings_and_what_is_purged_nothing():
    apt("remove", PACKAGE)
    assert (ROOT / DEFAULTS).exists()
    assert not (ROOT / f"usr/bin/{NAME}").exists()
    apt("purge", PACKAGE)
    after = files(ROOT)
    changed = {path for path in ROOT.before.keys() | after.keys()
               if ROOT.before.get(path, "missing") != after.get(path, "missing")}
    # shadow(5): the tools that change a file keep what was before.
    assert changed <= {"etc/passwd-", "etc/shadow-", "etc/group-", "etc/gshadow-"}, changed


run()
