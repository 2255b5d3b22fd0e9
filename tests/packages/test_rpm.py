# SPDX-License-Identifier: Apache-2.0
"""
The package of Fedora and its kin: what rpmlint says, that it holds what Debian's does, and
its life in a clean root that has rpm and dnf.
"""

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

NAME = "kernel_taint_exporter"
PACKAGE = "kernel-taint-exporter"
DEFAULTS = f"etc/sysconfig/{NAME}"
LINT = f"{HOME}/source/packaging/rpm/rpmlint.toml"

RPM = next(DIST.glob(f"{PACKAGE}-*.x86_64.rpm"))
DEB = next(DIST.glob("prometheus-kernel-taint-exporter_*.deb"))
ROOT = BASE.copy(FOLDER / "rpm")

# Debian's libraries as a package for rpm, and what rpm's own packages would bring.
LIBRARIES = """
Name: debian-libraries
Version: 1
Release: 1
Summary: The libraries of this root
License: none
BuildArch: noarch
{provides}
%description
What Debian's packages brought.
%files
"""


def query(what):
    """What rpm says of the package before it is installed, line by line."""
    return BUILDER.run("rpm", "--query", what, "--package",
                       f"{HOME}/source/build/dist/{RPM.name}").splitlines()


def depends():
    """The packages of Debian that Debian's package depends on."""
    field = subprocess.run(["dpkg-deb", "--field", DEB, "Depends"], check=True,
                           encoding="utf-8", stdout=subprocess.PIPE).stdout
    return [depend.split()[0] for depend in field.split(",") if "|" not in depend]


def names(listing, *of_packager):
    """The files of a package, but for what each packager adds or puts elsewhere."""
    found = (re.sub(r"\.gz$", "", path.strip("./")) for path in listing)
    return {path for path in found if not re.search("|".join(of_packager), path)}


def build(name, specification):
    """Builds the package of SPECIFICATION, and puts it into the repository /src."""
    (ROOT / f"src/{name}.spec").write_text(specification)
    ROOT.run("rpmbuild", "-bb", "--quiet", "--define", "_rpmdir /src", f"/src/{name}.spec")


@test
def rpmlint_finds_nothing():
    output = BUILDER.run("sh", "-c", f'rpmlint --config {LINT} {HOME}/source/build/dist/*.rpm',
                         user="builder")
    assert re.search(r"\b0 errors, 0 warnings", output), output


@test
def it_is_built_with_all_unit_tests():
    log = (BUILDER / HOME / "build.log").read_text()
    check = log[log.index("Executing(%check)"):]
    for file in (DIST.parents[1] / "tests/unit").glob("test_*.c"):
        assert re.search(rf"TEST .*{file.stem}: \d+ passed, 0 failed", check), file.stem


@test
def it_holds_what_debians_package_does():
    theirs = subprocess.run(["dpkg-deb", "--contents", DEB], check=True, encoding="utf-8",
                            stdout=subprocess.PIPE).stdout.splitlines()
    elsewhere = "etc/", "share/(doc|licenses|lintian)/", r"\.build-id"
    ours = names(query("--list"), *elsewhere)
    theirs = names([line.split()[5] for line in theirs if line[0] != "d"], *elsewhere)
    # Folders of our own are in rpm's list.
    folders = {f"usr/share/{NAME}"}
    assert {path.replace("usr/lib/systemd", "lib/systemd") for path in ours - folders} == theirs


@test
def it_installs():
    ROOT.install("createrepo-c", "dnf", "rpm", "systemd", *depends())
    (ROOT / "src").mkdir()
    shutil.copy(RPM, ROOT / "src")
    build("debian-libraries", LIBRARIES.format(provides="".join(
        f"Provides: {need}\n" for need in sorted(set(query("--requires")))
        if not need.startswith(("rpmlib(", "config(")))))
    ROOT.run("createrepo_c", "--quiet", "/src")
    (ROOT / "etc/dnf/dnf.conf").write_text("[main]\nassumeyes=1\n")
    (ROOT / "etc/yum.repos.d").mkdir(exist_ok=True)
    (ROOT / "etc/yum.repos.d/src.repo").write_text(
        "[src]\nname=src\nbaseurl=file:///src\ngpgcheck=0\n")
    # Nothing runs here that systemctl could start; it enables all the same.
    ROOT.run("sh", "-c", "cd /src\n" +
             installation("Fedora, RHEL and their kin").replace(" --now", ""))
    assert (ROOT / f"etc/systemd/system/multi-user.target.wants/{NAME}.service").is_symlink()
    assert ROOT.run("rpm", "--query", PACKAGE).startswith(PACKAGE)
    passwd = ROOT.run("getent", "passwd", NAME).strip().split(":")
    assert passwd[5:] == ["/", "/sbin/nologin"], passwd


@test
def what_is_installed_is_what_was_packed():
    assert ROOT.run("rpm", "--verify", PACKAGE) == ""


@test
def it_needs_the_libraries_that_the_program_is_linked_with():
    needed = {re.sub(r"\(.*", "", need) for need in query("--requires")
              if need.startswith("lib")}
    linked = subprocess.run(["readelf", "--dynamic", ROOT / "usr/bin" / NAME], check=True,
                            encoding="utf-8", stdout=subprocess.PIPE).stdout
    assert needed == set(re.findall(r"NEEDED.*\[(lib.*)\]", linked)), (needed, linked)


@test
def its_units_verify():
    output = ROOT.run("systemd-analyze", "verify", "--man=no",
                      *[f"/usr/lib/systemd/system/{NAME}.{kind}" for kind in ("service", "socket")])
    assert NAME not in output, output


@test
def its_service_reads_its_settings():
    service = (ROOT / f"usr/lib/systemd/system/{NAME}.service").read_text()
    assert f"\nEnvironmentFile=-/{DEFAULTS}\n" in service, service


@test
def the_program_serves_a_tainted_host_as_its_user():
    serve_tainted_host(ROOT, NAME)


@test
def settings_outlive_their_package_and_nothing_else_does():
    settings = 'ARGS="--collector.log"\n'
    (ROOT / DEFAULTS).write_text(settings)
    files = ROOT.run("rpm", "--query", "--list", PACKAGE).split()
    ROOT.run("dnf", "reinstall", f"/src/{RPM.name}")
    assert (ROOT / DEFAULTS).read_text() == settings
    ROOT.run("dnf", "remove", PACKAGE)
    left = [path for path in files if (ROOT / path).exists() and NAME in path]
    assert not left, left
    assert (ROOT / f"{DEFAULTS}.rpmsave").read_text() == settings


run()
