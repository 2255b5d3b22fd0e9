#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
A container's image: image.py PROGRAM VERSION REVISION FOLDER

Writes to FOLDER kernel-taint-exporter-VERSION.oci.tar, an OCI image layout
(https://github.com/opencontainers/image-spec) that holds the program, the libraries that it
is linked with, their licences, a user, and nothing else; and beside it, as .cdx.json, what is
in there (CycloneDX 1.6, https://cyclonedx.org). The libraries are those of this machine, which
has to be Debian. The same input gives the same bytes; the time in there is SOURCE_DATE_EPOCH.
"""

import datetime
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import uuid

NAME = "kernel-taint-exporter"
PROGRAM = "usr/bin/kernel_taint_exporter"
PORT = 10093
USER = 65532  # as other images without a shell have it
# Architectures that Debian and the specification of images call differently.
GO_NAMES = {"i386": "386", "armhf": "arm", "ppc64el": "ppc64le", "mips64el": "mips64le"}
EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])
TIME = datetime.datetime.fromtimestamp(EPOCH, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

PASSWD = f"nonroot:x:{USER}:{USER}:nonroot:/:/usr/sbin/nologin\n"
GROUP = f"nonroot:x:{USER}:\n"


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()


def libraries_of(program):
    """{path by which the loader looks for it: the file}, the loader itself among them."""
    found = re.findall(r"(/\S+) \(0x", output("ldd", program))
    return {path: os.path.realpath(path) for path in sorted(found)}


def package_of(file):
    """The Debian package of a library: name, architecture, version, source, licences."""
    # dpkg knows a file by one of its names, with /usr or without.
    names = [file, file.removeprefix("/usr"), "/usr" + file]
    for name in names:
        answer = subprocess.run(["dpkg-query", "--search", name], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL).stdout.decode()
        if answer:
            break
    else:
        raise SystemExit(f"image: {file}: of no package that dpkg knows")
    package = answer.split(": ")[0]
    form = "${Package}\t${Architecture}\t${Version}\t${source:Package}"
    return tuple(output("dpkg-query", "--show", f"--showformat={form}", package).split("\t"))


# ---- the layer ----


class Layer:
    """A tar in memory whose bytes depend on what is added alone."""

    def __init__(self):
        self.bytes = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.bytes, mode="w", format=tarfile.GNU_FORMAT)
        self.folders = set()

    def _add(self, path, type_, mode, data=b"", target=""):
        for folder in reversed(pathlib.PurePath(path).parents[:-1]):
            if str(folder) not in self.folders:
                self.folders.add(str(folder))
                self._add(str(folder), tarfile.DIRTYPE, 0o755)
        member = tarfile.TarInfo(path)
        member.type, member.mode, member.size, member.linkname = type_, mode, len(data), target
        member.mtime = EPOCH
        self.tar.addfile(member, io.BytesIO(data))

    def add_file(self, path, data, mode=0o644):
        self._add(path, tarfile.REGTYPE, mode, data)

    def add_link(self, path, target):
        self._add(path, tarfile.SYMTYPE, 0o777, target=target)

    def add_folder(self, path):
        self._add(path, tarfile.DIRTYPE, 0o755)

    def end(self):
        self.tar.close()
        return self.bytes.getvalue()


def make_layer(program, libraries, packages, sbom):
    layer = Layer()
    layer.add_file("etc/passwd", PASSWD.encode())
    layer.add_file("etc/group", GROUP.encode())
    layer.add_file(PROGRAM, pathlib.Path(program).read_bytes(), 0o755)
    for path, file in libraries.items():
        layer.add_file(path.lstrip("/"), pathlib.Path(file).read_bytes(), 0o755)
    for package in sorted({package[0] for package in packages.values()}):
        licence = pathlib.Path("/usr/share/doc", package, "copyright")
        layer.add_file(f"usr/share/doc/{package}/copyright", licence.read_bytes())
    layer.add_file(f"usr/share/sbom/{NAME}.cdx.json", sbom)
    for folder in ("proc", "sys", "dev"):
        layer.add_folder(folder)
    return layer.end()


# ---- what is in it ----


def make_sbom(version, revision, program, libraries, packages):
    """CycloneDX: the program, and each Debian package with the files that are taken of it."""
    def file_component(path, file):
        digest = hashlib.sha256(pathlib.Path(file).read_bytes()).hexdigest()
        return {"type": "file", "name": path, "hashes": [{"alg": "SHA-256", "content": digest}]}

    release = dict(re.findall(r'^(\w+)="?([^"\n]*)', pathlib.Path("/etc/os-release").read_text(),
                              re.MULTILINE))
    components = []
    for package in sorted(set(packages.values())):
        name, architecture, package_version, source = package
        purl = (f"pkg:deb/debian/{name}@{urllib.parse.quote(package_version, safe='')}"
                f"?arch={architecture}&distro=debian-{release['VERSION_ID']}")
        components.append({
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": package_version,
            "purl": purl,
            "properties": [{"name": "debian:source", "value": source}],
            "components": [file_component(path, file) for path, file in libraries.items()
                           if packages[file] == package],
        })
    main = {
        "type": "container",
        "bom-ref": NAME,
        "name": NAME,
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "properties": [{"name": "revision", "value": revision}],
        "components": [file_component("/" + PROGRAM, program)],
    }
    content = json.dumps([main, components], sort_keys=True)
    return json.dumps({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, content)}",
        "version": 1,
        "metadata": {"timestamp": TIME, "component": main},
        "components": components,
        "dependencies": [
            {"ref": NAME, "dependsOn": [component["bom-ref"] for component in components]},
        ],
    }, indent=1).encode() + b"\n"


# ---- the image ----


def annotations(version, revision):
    """The keys that the specification of images defines."""
    prefix = "org.opencontainers.image"
    return {
        f"{prefix}.title": NAME,
        f"{prefix}.description": "Prometheus exporter for the taint of the Linux kernel",
        f"{prefix}.version": version,
        f"{prefix}.revision": revision,
        f"{prefix}.created": TIME,
        f"{prefix}.licenses": "Apache-2.0",
        f"{prefix}.authors": "the authors of kernel_taint_exporter",
        f"{prefix}.documentation": "man:kernel_taint_exporter(8)",
    }


def make_image(version, revision, layer, work):
    """An OCI layout in the folder WORK."""
    layout, tar = work / "layout", work / "layer.tar"
    image = f"{layout}:{NAME}:{version}"
    tar.write_bytes(layer)
    architecture = output("dpkg", "--print-architecture").strip()
    architecture = GO_NAMES.get(architecture, architecture)
    output("umoci", "init", "--layout", layout)
    output("umoci", "new", "--image", image)
    output("umoci", "raw", "add-layer", "--image", image, "--history.created", TIME,
           "--history.created_by", NAME, tar)
    labels = annotations(version, revision)
    output("umoci", "config", "--image", image, "--no-history", "--created", TIME,
           "--os", "linux", "--architecture", architecture,
           "--config.user", f"{USER}:{USER}", "--config.entrypoint", f"/{PROGRAM}",
           "--config.exposedports", f"{PORT}/tcp", "--config.workingdir", "/",
           *[f"--config.label={key}={value}" for key, value in labels.items()],
           *[f"--manifest.annotation={key}={value}" for key, value in labels.items()])
    output("umoci", "gc", "--layout", layout)
    return layout


def main():
    program, version, revision, folder = sys.argv[1:]
    libraries = libraries_of(program)
    packages = {file: package_of(file) for file in libraries.values()}
    sbom = make_sbom(version, revision, program, libraries, packages)
    target = pathlib.Path(folder) / f"{NAME}-{version}.oci.tar"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        layout = make_image(version, revision,
                            make_layer(program, libraries, packages, sbom), pathlib.Path(work))
        archive = Layer()
        for file in sorted(path for path in layout.rglob("*") if path.is_file()):
            archive.add_file(str(file.relative_to(layout)), file.read_bytes())
        target.write_bytes(archive.end())
    target.with_name(f"{NAME}-{version}.cdx.json").write_bytes(sbom)


main()
