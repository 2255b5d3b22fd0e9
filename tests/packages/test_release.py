# SPDX-License-Identifier: Apache-2.0
"""
What a release consists of: an archive of the sources that is the same for everybody, sums of
all files, one version in all of them, and a program that is the same wherever it is built.
"""

import subprocess
import tarfile

from suite import BUILDER, DIST, HOME, VERSION, run, test

NAME = f"kernel_taint_exporter-{VERSION}"
ARCHIVE = DIST / f"{NAME}.tar.gz"
SOURCE = f"{HOME}/source"


def git(*words):
    return subprocess.run(["git", "-C", BUILDER / SOURCE, "-c", "safe.directory=*", *words],
                          check=True, encoding="utf-8", stdout=subprocess.PIPE).stdout


def shell(script, *words):
    """Runs SCRIPT in the builder's root as its user."""
    return BUILDER.run("sh", "-euc", script, "sh", *words, user="builder")


@test
def the_archive_holds_what_is_committed_and_its_revision():
    with tarfile.open(ARCHIVE) as archive:
        members = {member.name.removeprefix(f"{NAME}/"): member for member in archive
                   if not member.isdir()}
        revision = archive.extractfile(members[".revision"]).read().decode()
    assert members.keys() == {*git("ls-files", "-z").strip("\0").split("\0"), ".revision"}
    assert revision.strip() == git("rev-parse", "HEAD").strip()
    assert {(member.uid, member.gid, member.mtime) for member in members.values()} == {
        (0, 0, int(git("log", "-1", "--format=%ct")))
    }


@test
def the_archive_is_the_same_wherever_and_whenever_it_is_made():
    again = f"{HOME}/again"
    shell("""rm -rf "$2"; git clone --quiet "$1" "$2"; cd "$2"; touch untracked README.md
             umask 077; TZ=Asia/Tokyo make dist DIST=elsewhere""", SOURCE, again)
    assert (BUILDER / again / f"elsewhere/{NAME}.tar.gz").read_bytes() == ARCHIVE.read_bytes()


@test
def the_sums_are_of_every_file():
    shell('cd "$1" && sha256sum --check --strict SHA256SUMS', f"{SOURCE}/build/dist")
    named = {line.split()[1] for line in (DIST / "SHA256SUMS").read_text().splitlines()}
    assert named == {path.name for path in DIST.iterdir()} - {"SHA256SUMS"}


@test
def the_version_stands_in_one_place():
    found = git("grep", "--files-with-matches", "--fixed-strings", "-e", VERSION, "--",
                "Makefile", "exporter", "include", "packaging", "dashboards")
    assert found.split() == ["Makefile"], found


@test
def every_file_is_of_that_version():
    for file in DIST.iterdir():
        assert VERSION in file.name or file.name == "SHA256SUMS", file.name


@test
def the_program_is_the_same_whatever_folder_it_is_built_in():
    programs = []
    for folder in ("one", "another/with a longer name"):
        place = f"{HOME}/builds/{folder}"
        shell("""rm -rf "$1"; mkdir -p "$1"; cd "$1"
                 tar --extract --strip-components=1 --file="$2"; make -j2""",
              place, f"{SOURCE}/build/dist/{NAME}.tar.gz")
        programs.append(BUILDER / place / "build/kernel_taint_exporter")
    one, another = (program.read_bytes() for program in programs)
    assert one == another
    version = shell('"$1" --version', f"{HOME}/builds/one/build/kernel_taint_exporter")
    assert f"version {VERSION} " in version, version
    assert git("rev-parse", "HEAD").strip() in version, version


@test
def debians_package_is_the_same_when_it_is_built_again():
    again = f"{HOME}/again"
    shell('cd "$1"; DEB_BUILD_OPTIONS=nocheck make deb DIST=elsewhere', again)
    for deb in DIST.glob("*.deb"):
        assert (BUILDER / again / "elsewhere" / deb.name).read_bytes() == deb.read_bytes(), deb


run()
