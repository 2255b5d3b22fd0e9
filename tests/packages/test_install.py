# SPDX-License-Identifier: Apache-2.0
"""
What the README says of installing, as somebody who begins with a clean Debian types it. That
of the packages is in their own tests.
"""

import subprocess

from suite import (
    BASE,
    DIST,
    FOLDER,
    VERSION,
    installation,
    installations,
    run,
    test,
)
from exporter import Exporter
from manifests import Tools
from roots import SOURCE as CHECKOUT

NAME = "kernel_taint_exporter"
ROOT = BASE.copy(FOLDER / "install")
SOURCE = f"/src/{NAME}"
PORT = 10093

# Where nothing is but the root: no cgroups, no overlay of file systems, no time to wait.
CONTAINERS = '[containers]\ncgroups = "disabled"\n'
STORAGE = '[storage]\ndriver = "vfs"\nrunroot = "/run/c"\ngraphroot = "/var/c"\n'
MACHINE = "ip link set lo up && mount -t cgroup2 cgroup2 /sys/fs/cgroup && cd /dist"
SCRAPE = f"""
for attempt in $(seq 100); do
	curl --silent --fail http://127.0.0.1:{PORT}/metrics && exit
	sleep 0.2
done
exit 1
"""


@test
def everything_is_installed_by_three_lines_at_most():
    assert list(installations()) == ["Debian", "Fedora, RHEL and their kin", "Container",
                                     "Kubernetes", "Helm", "Source"]
    for title, lines in installations().items():
        assert 0 < len(lines) <= 3, title


@test
def make_run_serves_a_host_that_had_nothing():
    ROOT.install("git", "make")
    subprocess.run(["git", "clone", "--quiet", CHECKOUT, ROOT / SOURCE], check=True)
    version = ROOT.run("make", "-C", SOURCE, "run", "ARGS=--version")
    assert "install: installing the missing Debian packages: gcc " in version, version
    assert f"version {VERSION} " in version, version
    with Exporter(ROOT.command("make", "--silent", "-C", SOURCE, "run",
                               "ARGS=--web.listen-address=127.0.0.1:0"), listen=None) as exporter:
        assert b"\nkernel_taint_mask " in exporter.get()[2]
        # Not make, which would say that it was killed.
        subprocess.run(["pkill", "--full", "--parent", str(exporter.process.pid), NAME],
                       check=True)
        exporter.process.wait(10)


@test
def what_it_built_is_installed_and_gone_again():
    ROOT.install("systemd")
    before = {path for path in ROOT.folder.rglob("*") if NAME in path.name}
    ROOT.run("sh", "-c", f"cd {SOURCE}\n" + installation("Source").replace(" --now", ""))
    assert f"version {VERSION} " in ROOT.run(f"/usr/local/bin/{NAME}", "--version")
    with Exporter(ROOT.command(f"/usr/local/bin/{NAME}", user=NAME)) as exporter:
        assert b"\nkernel_taint_mask " in exporter.get()[2]
    ROOT.run("systemctl", "disable", NAME)
    ROOT.run("make", "-C", SOURCE, "uninstall")
    assert {path for path in ROOT.folder.rglob("*") if NAME in path.name} == before


@test
def the_container_serves_this_host():
    ROOT.install("podman", "crun", "curl", "iproute2")
    (ROOT / "etc/containers/containers.conf").write_text(CONTAINERS)
    (ROOT / "etc/containers/storage.conf").write_text(STORAGE)
    page = ROOT.run("sh", "-c", f"{MACHINE}\n{installation('Container')}\n{SCRAPE}",
                    binds=[(DIST, "/dist")], alone=True)
    assert "\nkernel_taint_mask " in page, page
    for layer in ("capabilities", "landlock", "seccomp"):
        assert f'\nkernel_taint_exporter_sandbox{{layer="{layer}"}} 1\n' in page, page


@test
def helm_takes_the_chart_and_the_manifest_is_there():
    tools, folder = Tools(FOLDER / "kubernetes"), FOLDER / "manifests"
    subprocess.run([CHECKOUT / "packaging/manifests.sh", VERSION, folder], check=True,
                   env=tools.environment)
    [apply] = installations()["Kubernetes"]
    assert (folder / apply.split()[-1]).exists(), apply
    script = installation("Helm").replace("helm install", f"{tools.helm} install --dry-run=client")
    manifest = subprocess.run(["sh", "-c", script], cwd=folder, env=tools.environment, check=True,
                              encoding="utf-8", stdout=subprocess.PIPE).stdout
    assert f'"registry.example.org/kernel-taint-exporter:{VERSION}"\n' in manifest, manifest
    assert "kind: PodMonitor\n" in manifest, manifest


run()
