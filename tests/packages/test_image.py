#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
The image of a container that `make image` made: that it is as the specification of images
says (https://github.com/opencontainers/image-spec), what is in it and what says so, that
another build has the same digest, and that the program runs in it, unpacked and read-only.
"""

import datetime
import gzip
import hashlib
import io
import json
import pathlib
import re
import stat
import subprocess
import tarfile
import tempfile

from suite import BUILDER, DIST, HOME, SCENES, TESTS_FOLDER, VERSION, run, test
from exporter import Exporter, without_volatile
from roots import Root

NAME = "kernel-taint-exporter"
PROGRAM = "/usr/bin/kernel_taint_exporter"
USER = "65532:65532"
SPEC = "org.opencontainers.image."
OCI = "application/vnd.oci.image."


def of_commit(form):
    """What git says of the commit that the image was made of."""
    return BUILDER.run("git", "-C", f"{HOME}/source", "log", "-1", f"--format={form}",
                       user="builder").strip()


def members(tar):
    """{path: what is there}, (TarInfo, its bytes)."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        found = [
            (member, archive.extractfile(member).read() if member.isfile() else b"")
            for member in archive
        ]
    assert len({member.name for member, _ in found}) == len(found), "a path twice"
    return {member.name: (member, data) for member, data in found}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def blob(descriptor, media_type):
    assert descriptor["mediaType"] == OCI + media_type, descriptor
    data = LAYOUT["blobs/" + descriptor["digest"].replace(":", "/")][1]
    assert len(data) == descriptor["size"]
    return data


ARCHIVE = DIST / f"{NAME}-{VERSION}.oci.tar"
SBOM_FILE = ARCHIVE.with_name(f"{NAME}-{VERSION}.cdx.json")
LAYOUT = members(ARCHIVE.read_bytes())
INDEX = json.loads(LAYOUT["index.json"][1])
MANIFEST = json.loads(blob(INDEX["manifests"][0], "manifest.v1+json"))
CONFIG = json.loads(blob(MANIFEST["config"], "config.v1+json"))
TAR = gzip.decompress(blob(MANIFEST["layers"][0], "layer.v1.tar+gzip"))
LAYER = members(TAR)
FILES = {f"/{path}": data for path, (member, data) in LAYER.items() if member.isfile()}
SBOM = json.loads(SBOM_FILE.read_bytes())


# ---- the same bytes ----


@test
def another_user_elsewhere_and_later_makes_the_same_image():
    place = "/home/other/a place"
    BUILDER.run("sh", "-euc", f"""
        id --user other >/dev/null 2>&1 || useradd --create-home other
        rm -rf '{place}'
        cp --recursive {HOME}/source '{place}'
        rm -r '{place}/build'
        find '{place}' -exec touch --no-dereference --date=2001-02-03 {{}} +
        chown --recursive other: '{place}'""")
    BUILDER.run("sh", "-euc", f"umask 077; cd '{place}'; TZ=Asia/Tokyo make image",
                user="other")
    for file in (ARCHIVE, SBOM_FILE):
        again = BUILDER / f"{place}/build/dist/{file.name}"
        assert sha256(again.read_bytes()) == sha256(file.read_bytes()), file.name


@test
def every_time_in_it_is_that_of_the_commit():
    time = int(of_commit("%ct"))
    created = CONFIG["created"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", created), created
    moment = datetime.datetime.fromisoformat(created.replace("Z", "+00:00"))
    assert moment.timestamp() == time
    assert [entry["created"] for entry in CONFIG["history"]] == [created]
    assert CONFIG["config"]["Labels"][SPEC + "created"] == created
    assert SBOM["metadata"]["timestamp"] == created
    for member, _ in [*LAYER.values(), *LAYOUT.values()]:
        assert member.mtime == time, member.name


# ---- the image ----


@test
def the_layout_holds_one_image_of_one_layer_and_nothing_else():
    assert json.loads(LAYOUT["oci-layout"][1]) == {"imageLayoutVersion": "1.0.0"}
    assert INDEX["schemaVersion"] == MANIFEST["schemaVersion"] == 2
    [entry] = INDEX["manifests"]
    assert entry["annotations"] == {SPEC + "ref.name": f"{NAME}:{VERSION}"}
    assert len(MANIFEST["layers"]) == 1
    blobs = {path: data for path, (member, data) in LAYOUT.items()
             if member.isfile() and path.startswith("blobs/")}
    assert blobs.keys() == {
        "blobs/" + descriptor["digest"].replace(":", "/")
        for descriptor in (entry, MANIFEST["config"], *MANIFEST["layers"])
    }
    for path, data in blobs.items():
        assert path == f"blobs/sha256/{sha256(data)}"
    assert CONFIG["rootfs"] == {"type": "layers", "diff_ids": [f"sha256:{sha256(TAR)}"]}
    assert (CONFIG["os"], CONFIG["architecture"]) == ("linux", "amd64")


@test
def it_says_whom_to_run_as_and_what_and_where_that_listens():
    assert CONFIG["config"] == {
        "User": USER,
        "Entrypoint": [PROGRAM],
        "ExposedPorts": {"10093/tcp": {}},
        "WorkingDir": "/",
        "Labels": CONFIG["config"]["Labels"],
    }


@test
def its_labels_and_annotations_are_those_of_the_specification():
    labels = CONFIG["config"]["Labels"]
    assert labels == MANIFEST["annotations"]
    known = {
        SPEC + name
        for name in ("authors base.digest base.name created description documentation"
                     " licenses ref.name revision source title url vendor version").split()
    }
    assert labels.keys() <= known, labels.keys() - known
    assert labels[SPEC + "version"] == VERSION
    assert labels[SPEC + "revision"] == of_commit("%H")
    assert labels[SPEC + "licenses"] == "Apache-2.0"  # of SPDX
    assert labels[SPEC + "title"] == NAME
    assert all(labels.values())


# ---- what is in it ----


def needed(path):
    """Which libraries and which loader a file of the layer asks for itself, by names."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(FILES[path])
        file.flush()
        told = subprocess.run(
            ["readelf", "--wide", "--dynamic", "--program-headers", file.name],
            check=True, stdout=subprocess.PIPE, encoding="utf-8",
        ).stdout
    return (
        set(re.findall(r"\(NEEDED\) +Shared library: \[(.*)\]", told)),
        set(re.findall(r"program interpreter: (.*)\]", told)),
    )


def closure():
    """All that the program needs, at its place."""
    by_name = {pathlib.Path(path).name: path for path in FILES}
    found, left = set(), {PROGRAM}
    while left:
        path = left.pop()
        found.add(path)
        names, loaders = needed(path)
        left |= {by_name[name] for name in names} | loaders
        left -= found
    return found


def packages():
    """{path of a library: (package, version)}, by what Debian's packages say of files."""
    info = BUILDER / "var/lib/dpkg/info"
    sums = {}
    for file in info.glob("*.md5sums"):
        for line in file.read_text().splitlines():
            digest, path = line.split("  ", 1)
            sums[digest, pathlib.Path(path).name] = file.stem
    versions = dict(re.findall(r"^Package: (.*)\n(?:.+\n)*?Version: (.*)$",
                               (BUILDER / "var/lib/dpkg/status").read_text(), re.MULTILINE))
    found = {}
    for path in closure() - {PROGRAM}:
        digest = hashlib.md5(FILES[path]).hexdigest()
        [package] = {package for (known, _), package in sums.items() if known == digest}
        name = package.partition(":")[0]
        found[path] = (name, versions[name])
    return found


@test
def it_holds_the_program_and_what_that_needs_and_nothing_else():
    elf = {path for path, data in FILES.items() if data.startswith(b"\x7fELF")}
    assert elf == closure(), elf ^ closure()
    names = {name for name, _ in packages().values()}
    assert FILES.keys() == elf | {
        "/etc/passwd",
        "/etc/group",
        f"/usr/share/sbom/{NAME}.cdx.json",
        *(f"/usr/share/doc/{name}/copyright" for name in names),
    }
    folders = {str(parent)[1:] for path in FILES for parent in pathlib.Path(path).parents}
    assert {path for path, (member, _) in LAYER.items() if not member.isfile()} == (
        folders - {""} | {"proc", "sys", "dev"}
    )


@test
def nobody_may_write_there_and_nothing_gives_rights():
    for member, data in LAYER.values():
        assert member.isfile() or member.isdir(), member.name
        assert (member.uid, member.gid) == (0, 0), member.name
        wanted = 0o755 if member.isdir() or data.startswith(b"\x7fELF") else 0o644
        assert member.mode == wanted, (member.name, oct(member.mode))
        assert not member.mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX | 0o022)
        assert not member.pax_headers, member.name  # capabilities of files


@test
def its_only_user_has_no_rights_no_password_and_no_shell():
    uid, gid = USER.split(":")
    user = f"nonroot:x:{uid}:{gid}:nonroot:/:/usr/sbin/nologin\n"
    assert FILES["/etc/passwd"].decode() == user
    assert FILES["/etc/group"].decode() == f"nonroot:x:{gid}:\n"


@test
def the_program_has_no_symbols_for_debuggers():
    assert b".debug_info" not in FILES[PROGRAM] and b".symtab" not in FILES[PROGRAM]


# ---- the bill of materials ----


@test
def it_names_the_packages_of_the_libraries_and_each_file():
    assert FILES[f"/usr/share/sbom/{NAME}.cdx.json"] == SBOM_FILE.read_bytes()
    found, files = {}, {}
    main = SBOM["metadata"]["component"]
    assert (main["type"], main["name"], main["version"]) == ("container", NAME, VERSION)
    for component in [main, *SBOM["components"]]:
        for file in component["components"]:
            [digest] = file["hashes"]
            assert digest["alg"] == "SHA-256" and file["name"] not in files
            files[file["name"]] = digest["content"]
            found[file["name"]] = component["name"], component["version"]
    assert found.pop(PROGRAM) == (NAME, VERSION)
    assert found == packages()
    assert files == {path: sha256(FILES[path]) for path in closure()}


@test
def each_package_has_its_url_and_the_image_depends_on_all():
    for component in SBOM["components"]:
        version = component["version"].replace(":", "%3A").replace("+", "%2B")
        assert component["bom-ref"] == component["purl"] == (
            f"pkg:deb/debian/{component['name']}@{version}?arch=amd64&distro=debian-12"
        )
        [source] = component["properties"]
        told = BUILDER.run("dpkg-query", "--show", "--showformat=${source:Package}",
                           component["name"])
        assert source == {"name": "debian:source", "value": told}
    [dependencies] = SBOM["dependencies"]
    assert dependencies == {
        "ref": SBOM["metadata"]["component"]["bom-ref"],
        "dependsOn": [component["bom-ref"] for component in SBOM["components"]],
    }
    assert dependencies["dependsOn"]


@test
def it_is_valid_and_what_is_not_is_refused():
    wrong = json.loads(SBOM_FILE.read_bytes())
    wrong["components"][0]["components"][0]["hashes"][0]["content"] = "none"
    with tempfile.NamedTemporaryFile("w") as file:
        json.dump(wrong, file)
        file.flush()
        told = subprocess.run(
            ["node", TESTS_FOLDER / "packages/sbom.mjs", SBOM_FILE, file.name],
            check=True, stdout=subprocess.PIPE, encoding="utf-8",
        ).stdout.splitlines()
    assert told[0] == "valid", told[0]
    assert "/hashes/0/content" in told[1], told[1]


# ---- it runs ----


def unpack():
    """The image as a root, by umoci, and the command that it says is to run."""
    folder = "/tmp/image"
    archive = f"{HOME}/source/build/dist/{ARCHIVE.name}"
    BUILDER.run("sh", "-euc", f"""
        rm -rf {folder}
        mkdir -p {folder}/layout
        tar --extract --directory={folder}/layout --file={archive}
        umoci unpack --image {folder}/layout:{NAME}:{VERSION} {folder}/bundle""")
    process = json.loads((BUILDER / f"{folder}/bundle/config.json").read_text())["process"]
    assert process["args"] == [PROGRAM], process
    assert (process["user"]["uid"], process["user"]["gid"]) == (65532, 65532), process
    return Root(BUILDER / f"{folder}/bundle/rootfs")


UNPACKED = unpack()
READ_ONLY = [(UNPACKED.folder, "/")]
HOST = pathlib.Path("/")


def of(host):
    """What shows the machine HOST to the container."""
    return [*READ_ONLY, *((host / name, f"/{name}") for name in ("proc", "sys"))]


def exporter(host, *flags):
    return Exporter(UNPACKED.command(PROGRAM, user=USER, binds=of(host)), *flags)


def page_of(container):
    status, _, page = container.get()
    assert status == 200, page
    return page


def without_process(page):
    """PAGE without what the program reads of itself in its own /proc."""
    return re.sub(rb"(?m)^# (HELP|TYPE) process_.*\n", b"", without_volatile(page))


def values(page, name):
    """{labels: value} of a family."""
    return dict(re.findall(rf"^{name}(?:\{{(.*)\}})? (.*)$", page.decode(), re.MULTILINE))


@test
def help_and_decode_need_no_proc():
    assert "usage:" in UNPACKED.run(PROGRAM, "--help", user=USER, binds=READ_ONLY)
    told = UNPACKED.run(PROGRAM, "decode", "4097", user=USER, binds=READ_ONLY)
    assert "proprietary_module" in told and "oot_module" in told, told


@test
def it_serves_the_page_of_a_captured_host_and_stops_when_asked():
    with exporter(SCENES / "warn-6.12") as container:
        page = page_of(container)
    golden = (TESTS_FOLDER / "golden/warn-6.12.prom").read_bytes()
    assert without_process(page) == without_process(golden)
    assert values(page, "kernel_taint_mask") == {"": "507727"}


@test
def nothing_there_can_be_written_and_the_user_is_nobody():
    with exporter(SCENES / "warn-6.12") as container:
        pid = container.process.pid
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        mounts = pathlib.Path(f"/proc/{pid}/mounts").read_text().splitlines()
    for field in ("Uid", "Gid"):
        assert re.search(rf"^{field}:(\t65532){{4}}$", status, re.MULTILINE), status
    assert re.search(r"^Groups:\s*$", status, re.MULTILINE), status
    assert {line.split()[1] for line in mounts} == {"/", "/proc", "/sys"}, mounts
    assert all(line.split()[3].startswith("ro,") for line in mounts), mounts


@test
def all_walls_of_its_sandbox_stand_and_only_a_captured_proc_is_missed():
    walls = {f'layer="{name}"': "1" for name in ("capabilities", "landlock", "seccomp")}
    for host, missed in ((HOST, 0), (SCENES / "warn-6.12", 1)):
        with exporter(host) as container:
            page = page_of(container)
        assert values(page, "kernel_taint_exporter_sandbox") == walls
        # Of itself it knows its memory and descriptors by /proc/self.
        assert len(values(page, "process_open_fds")) == 1 - missed
        warned = [line for line in container.log.splitlines() if "level=info" not in line]
        assert len(warned) == missed, warned
        assert all("path=/proc/self" in line for line in warned), warned


@test
def it_serves_the_page_of_this_host():
    with exporter(HOST) as container:
        page = page_of(container)
    mask = pathlib.Path("/proc/sys/kernel/tainted").read_text().strip()
    assert values(page, "kernel_taint_mask") == {"": mask}
    assert float(values(page, "process_resident_memory_bytes")[""]) > 0


run()
