#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Makes the modules in made/ and the certificates they were signed with in keys/, next to
this file: one small ELF file with every signature that a kernel or a builder may come
upon. Needs as(1) and openssl(1) 3.0 or later. A private key or certificate that is there
is kept: what RSA signs then comes out the same each time. README.md tells what is what.
"""

import hashlib
import pathlib
import struct
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KEYS, MADE = HERE / "keys", HERE / "made"

MARKER = b"~Module signature appended~\n"
HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")
HASHES += ("sha3-256", "sha3-384", "sha3-512")

# Name, algorithm of the key, serial number, subject. Serial numbers whose first bit is
# set have a zero byte before them in DER. All are long over, and none may sign anything:
# kernels do not care.
CERTIFICATES = (
    ("rsa", "rsa:2048", 0x80C0FFEE01, "/O=Tests/CN=Tests' RSA key"),
    ("ec", "ec:P-384", 0x0102030405, "/O=Tests/CN=Tests' ECDSA key"),
    ("other", "ec:P-384", 0x0102030405, "/O=Tests/CN=Somebody else's key"),
    ("again", "ec:P-384", 0x0102030406, "/O=Tests/CN=Tests' ECDSA key"),
    ("first", "ec", 0x7F, "/CN=Name in front/O=Tests/OU=Behind it"),
    ("names", "ec", 0x80, "/CN=One name/CN=Another name/O=Tests"),
    ("nameless", "ec", 0x0F00, "/C=XX/O=No common name/OU=The last part"),
    ("beside", "ec", 0x10, "/O=Tests/OU=Tests+CN=Name beside a unit/L=Nowhere"),
    ("unicode", "ec", 0x11, "/O=Tests/CN=Schl\u00fcssel \u2713"),
    ("hostile", "ec", 0x12, '/CN=a"b\\\\c\nd\x1b[31m\u009b'),
    ("longest", "ec", int("7f" + "a5" * 19, 16), "/O=Tests/CN=" + "n" * 64),
)

SOURCE = """
.text
.globl init_module
init_module: .byte 0xc3
.section .modinfo,"a",@progbits
.asciz "license=GPL v2"
.asciz "version=3.1.4"
.asciz "srcversion=0123456789ABCDEF0123456"
.asciz "depends="
.asciz "intree=Y"
.asciz "name=made"
.asciz "vermagic=6.12.0-test SMP preempt mod_unload "
.section .note.gnu.build-id,"a",@note
.long 4, 20, 3
.asciz "GNU"
.byte 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20
.section .gnu.linkonce.this_module,"aw",@progbits
.skip 8
"""

CONFIGURATION = """
[ca]
default_ca = tests
[tests]
database = index
policy = policy
default_md = sha256
unique_subject = no
new_certs_dir = .
serial = serial
x509_extensions = extensions
email_in_dn = no
[policy]
countryName = optional
localityName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, keyAgreement
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
[req]
string_mask = utf8only
distinguished_name = name
[name]
"""


def run(*command, cwd=None, data=None):
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=cwd, input=data, stdout=subprocess.PIPE, check=True
    ).stdout


def make_key(name, algorithm):
    path = KEYS / f"{name}.key.pem"
    if path.exists():
        return
    path.touch()
    options = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    if algorithm.startswith("ec"):
        options = ["EC", "-pkeyopt", "ec_paramgen_curve:" + (algorithm[3:] or "P-256")]
    run("openssl", "genpkey", "-algorithm", *options, "-out", path)


def make_certificate(name, serial, subject):
    path = KEYS / f"{name}.crt.pem"
    if path.exists():
        return
    key = KEYS / f"{name}.key.pem"
    with tempfile.TemporaryDirectory() as folder:
        digits = f"{serial:x}"
        pathlib.Path(folder, "index").touch()
        pathlib.Path(folder, "serial").write_text("0" * (len(digits) % 2) + digits)
        pathlib.Path(folder, "conf").write_text(CONFIGURATION)
        run(
            *("openssl", "req", "-new", "-utf8", "-multivalue-rdn", "-subj", subject),
            *("-key", key, "-config", "conf", "-out", "request"),
            cwd=folder,
        )
        run(
            *("openssl", "ca", "-batch", "-config", "conf", "-selfsign", "-notext", "-preserveDN"),
            *("-startdate", "20010101000000Z", "-enddate", "20020101000000Z"),
            *("-keyfile", key, "-in", "request", "-out", path),
            cwd=folder,
        )


def trailer(blob, kind=2, algorithm=0, digest=0, signer=b"", key_id=b"", pad=b"\0\0\0"):
    """What stands behind a module whose signature is BLOB."""
    fields = (algorithm, digest, kind, len(signer), len(key_id), pad, len(blob))
    return signer + key_id + blob + struct.pack(">BBBBB3sI", *fields) + MARKER


def cms(module, names, digest="sha256", *options):
    """The kernel's own way (scripts/sign-file.c), through the command line."""
    signers = []
    for name in names:
        signers += ["-signer", KEYS / f"{name}.crt.pem"]
        signers += ["-inkey", KEYS / f"{name}.key.pem"]
    return run(
        *("openssl", "cms", "-sign", "-binary", "-nosmimecap", "-md", digest),
        *(*signers, "-outform", "DER", *options),
        data=module,
    )


# ---- DER: what openssl(1) 3.0 does not make, ECDSA over SHA-3 ----


def der(tag, *parts):
    body = b"".join(parts)
    size = (len(body).bit_length() + 7) // 8
    length = len(body).to_bytes(max(size, 1), "big")
    if len(body) >= 0x80:
        length = bytes([0x80 | size]) + length
    return bytes([tag]) + length + body


def elements(data):
    """The elements that stand one behind the other in DATA: (whole, body)."""
    found = []
    while data:
        head, length = 2, data[1]
        if length >= 0x80:
            head += length & 0x7F
            length = int.from_bytes(data[2:head], "big")
        found.append((data[: head + length], data[head : head + length]))
        data = data[head + length :]
    return found


def with_indefinite_lengths(data, depth):
    """DATA, of whose elements two zeros tell the end in place of a length (X.690)."""
    return b"".join(
        whole[:1] + b"\x80" + with_indefinite_lengths(body, depth - 1) + b"\0\0"
        if depth and whole[0] & 0x20
        else whole
        for whole, body in elements(data)
    )


SEQUENCE, SET, OID, OCTETS, BITS, INTEGER = 0x30, 0x31, 0x06, 0x04, 0x03, 0x02
SIGNED_DATA, DATA = "2a864886f70d010702", "2a864886f70d010701"
NIST = "608648016503040"  # .2.x hashes, .3.x signatures
SHA3 = {"sha3-256": ("208", "30a"), "sha3-384": ("209", "30b"), "sha3-512": ("20a", "30c")}


def oid(digits):
    return der(OID, bytes.fromhex(digits))


def cms_of_sha3(module, name, digest, by_key_id):
    certificate = run(
        "openssl", "x509", "-in", KEYS / f"{name}.crt.pem", "-outform", "DER"
    )
    fields = elements(elements(elements(certificate)[0][1])[0][1])
    serial, issuer = fields[1][0], fields[3][0]
    identifier = der(SEQUENCE, issuer, serial)
    if by_key_id:
        at = certificate.index(bytes.fromhex("0603551d0e0416")) + 7
        identifier = der(0x80, elements(certificate[at:])[0][1])
    hash_kind, signature_kind = SHA3[digest]
    algorithm = der(SEQUENCE, oid(NIST + hash_kind))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "digest")
        path.write_bytes(hashlib.new(digest, module).digest())
        command = ("openssl", "pkeyutl", "-sign", "-inkey", KEYS / f"{name}.key.pem")
        signature = run(*command, "-in", path)
    version = der(INTEGER, b"\3" if by_key_id else b"\1")
    signer = der(
        SEQUENCE,
        *(version, identifier, algorithm, der(SEQUENCE, oid(NIST + signature_kind))),
        der(OCTETS, signature),
    )
    signed = der(
        SEQUENCE,
        *(version, der(SET, algorithm), der(SEQUENCE, oid(DATA)), der(SET, signer)),
    )
    return der(SEQUENCE, oid(SIGNED_DATA), der(0xA0, signed))


# ---- ML-DSA (FIPS 204), which openssl(1) 3.0 does not know ----

# Kind of the signature, lengths of the public key and of the signature.
ML_DSA = {
    "ml-dsa-44": ("311", 1312, 2420),
    "ml-dsa-65": ("312", 1952, 3309),
    "ml-dsa-87": ("313", 2592, 4627),
}


def filler(length):
    """Bytes in place of a key or a signature."""
    return hashlib.shake_128(b"ML-DSA").digest(length)


def cms_of_ml_dsa(blob, algorithm):
    """BLOB with ALGORITHM (RFC 9882) in place of the one its signer has."""
    kind, _, size = ML_DSA[algorithm]
    content_type, content = elements(elements(blob)[0][1])
    *fields, signers = elements(elements(content[1])[0][1])
    *before, _, _ = elements(elements(signers[1])[0][1])
    signer = der(
        SEQUENCE,
        *(whole for whole, _ in before),
        *(der(SEQUENCE, oid(NIST + kind)), der(OCTETS, filler(size))),
    )
    signed = der(SEQUENCE, *(whole for whole, _ in fields), der(SET, signer))
    return der(SEQUENCE, content_type[0], der(0xA0, signed))


def certificate_of_ml_dsa(name, algorithm):
    """The certificate NAME with another key and signature (RFC 9881)."""
    kind, key_size, size = ML_DSA[algorithm]
    command = ("openssl", "x509", "-in", KEYS / f"{name}.crt.pem", "-outform", "DER")
    fields = [whole for whole, _ in elements(elements(elements(run(*command))[0][1])[0][1])]
    identifier = der(SEQUENCE, oid(NIST + kind))
    # Behind the version and the serial number; behind issuer, dates and subject.
    fields[2] = identifier
    fields[6] = der(SEQUENCE, identifier, der(BITS, b"\0" + filler(key_size)))
    return der(
        SEQUENCE, der(SEQUENCE, *fields), identifier, der(BITS, b"\0" + filler(size))
    )


# ---- all of them ----


def signed(module):
    """Every variant: name and blob."""
    for name in ("rsa", "ec"):
        for digest in HASHES:
            for suffix, options in (("", ()), ("-keyid", ("-keyid",))):
                if name == "ec" and digest in SHA3:
                    blob = cms_of_sha3(module, name, digest, bool(options))
                else:
                    plain = ("-noattr", "-nocerts")
                    blob = cms(module, [name], digest, *plain, *options)
                yield f"{name}-{digest}{suffix}", blob
    for name in ("first", "names", "nameless", "beside", "unicode", "hostile", "longest"):
        yield f"issuer-{name}", cms(module, [name], "sha256", "-noattr", "-nocerts")
    yield "attributes", cms(module, ["rsa"], "sha256", "-nocerts")
    yield "certificate-inside", cms(module, ["ec"], "sha256", "-noattr")
    both = cms(module, ["other", "rsa"], "sha256", "-noattr", "-nocerts")
    yield "two-signers", both
    # As Linux 7.0 and later sign, with OpenSSL 4 and with OpenSSL 3.
    for algorithm in ML_DSA:
        for attributes, options in (("", ("-noattr",)), ("-attributes", ())):
            for suffix, by_key_id in (("", ()), ("-keyid", ("-keyid",))):
                blob = cms(module, ["rsa"], "sha512", "-nocerts", *options, *by_key_id)
                yield f"{algorithm}{attributes}{suffix}", cms_of_ml_dsa(blob, algorithm)
    # BER that is no DER.
    blob = cms(module, ["rsa"], "sha256", "-noattr", "-nocerts")
    yield "indefinite", with_indefinite_lengths(blob, 4)
    # A hash that GnuTLS has no name for.
    yield "unknown-hash", cms(module, ["rsa"], "sha512-256", "-noattr", "-nocerts")


def others(module, blob):
    """What is not signed in that way: name and all that stands behind the module."""
    red_hat = {
        "kind": 1,
        "algorithm": 1,
        "digest": 4,
        "signer": b"Red Hat Enterprise Linux kernel signing key",
        "key_id": bytes(range(0xA0, 0xB4)),
    }
    yield "unsigned", b""
    yield "x509", trailer(bytes(range(256)), **red_hat)
    pgp = {"kind": 0, "digest": 4, "signer": b"Somebody", "key_id": b"\1\2\3"}
    yield "pgp", trailer(b"not looked at", **pgp)
    yield "type-3", trailer(blob, kind=3)
    yield "type-255", trailer(blob, kind=255)
    yield "blob-garbage", trailer(b"This is no PKCS#7.")
    yield "blob-certificate", trailer(
        run("openssl", "x509", "-in", KEYS / "ec.crt.pem", "-outform", "DER")
    )
    yield "blob-cut-off", trailer(blob[:-1])
    yield "blob-no-signer", trailer(
        run(
            *("openssl", "crl2pkcs7", "-nocrl", "-certfile", KEYS / "ec.crt.pem"),
            *("-outform", "DER"),
        )
    )
    yield "fields-not-zero", trailer(blob, pad=b"\0\0\1")
    yield "longer-than-file", blob + struct.pack(">8xI", 1 << 31) + MARKER
    yield "empty-blob", trailer(b"")
    yield "marker-alone", MARKER
    yield "bytes-behind", trailer(blob) + b"\n"
    yield "two-trailers", trailer(blob) + trailer(blob)


def main():
    KEYS.mkdir(exist_ok=True)
    MADE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "module.o")
        run("as", "-R", "-o", path, "-", data=SOURCE.encode())
        run("strip", "--strip-unneeded", path)
        module = path.read_bytes()
    for name, algorithm, serial, subject in CERTIFICATES:
        make_key(name, algorithm)
        make_certificate(name, serial, subject)
    run(
        *("openssl", "x509", "-in", KEYS / "rsa.crt.pem", "-outform", "DER"),
        *("-out", KEYS / "rsa.crt.der"),
    )
    for algorithm in ML_DSA:
        path = KEYS / f"{algorithm}.crt.der"
        path.write_bytes(certificate_of_ml_dsa("rsa", algorithm))
    for name, blob in signed(module):
        (MADE / f"{name}.ko").write_bytes(module + trailer(blob))
    blob = cms(module, ["rsa"], "sha256", "-noattr", "-nocerts")
    for name, behind in others(module, blob):
        (MADE / f"{name}.ko").write_bytes(module + behind)


if __name__ == "__main__":
    main()
