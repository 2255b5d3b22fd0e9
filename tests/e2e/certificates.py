# SPDX-License-Identifier: Apache-2.0
"""
Certificates of a server and of clients, good ones and bad ones, made with openssl.
Knows X.509, nothing of the program.
"""

import subprocess

from exporter import TIMEOUT

ALLOWED_SAN = "scraper.example"
PAST = ("20200101000000Z", "20200102000000Z")
NOW = ("20200101000000Z", "20990101000000Z")
FUTURE = ("20980101000000Z", "20990101000000Z")

# name: (authority, subject's alternative name, purpose, from and until)
LEAVES = {
    "server": ("ca", "IP:127.0.0.1", "serverAuth", NOW),
    "good": ("ca", f"DNS:{ALLOWED_SAN}", "clientAuth", NOW),
    "wrong-ca": ("other-ca", f"DNS:{ALLOWED_SAN}", "clientAuth", NOW),
    "wrong-san": ("ca", "DNS:other.example", "clientAuth", NOW),
    "expired": ("ca", f"DNS:{ALLOWED_SAN}", "clientAuth", PAST),
    "not-yet-valid": ("ca", f"DNS:{ALLOWED_SAN}", "clientAuth", FUTURE),
    "wrong-purpose": ("ca", f"DNS:{ALLOWED_SAN}", "serverAuth", NOW),
}
BAD_CLIENTS = [name for name in LEAVES if name not in ("server", "good")]

CONFIGURATION = """\
[ca]
database={folder}/index
new_certs_dir={folder}
rand_serial=yes
default_md=sha256
policy=policy
unique_subject=no
[policy]
commonName=supplied
[leaf]
basicConstraints=critical,CA:false
subjectAltName={san}
extendedKeyUsage={purpose}
"""
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*arguments):
    result = subprocess.run(
        ["openssl", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT,
    )
    assert result.returncode == 0, result.stdout


def make_certificates(folder):
    """NAME.crt and NAME.key in FOLDER of both authorities and of all LEAVES."""
    (folder / "index").touch()
    for name in ("ca", "other-ca"):
        files = ("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt")
        openssl("req", "-x509", *NEW_KEY, "-subj", f"/CN={name}", "-days", "9", *files)
    for name, (authority, san, purpose, (start, end)) in LEAVES.items():
        request, configuration = folder / f"{name}.csr", folder / f"{name}.conf"
        configuration.write_text(
            CONFIGURATION.format(folder=folder, san=san, purpose=purpose)
        )
        files = ("-keyout", folder / f"{name}.key", "-out", request)
        openssl("req", *NEW_KEY, "-subj", f"/CN={name}", *files)
        signer = ("-cert", folder / f"{authority}.crt")
        signer += ("-keyfile", folder / f"{authority}.key")
        life = ("-startdate", start, "-enddate", end)
        files = ("-in", request, "-out", folder / f"{name}.crt")
        openssl(
            *("ca", "-batch", "-notext", "-config", configuration, "-name", "ca"),
            *("-extensions", "leaf", *signer, *life, *files),
        )
