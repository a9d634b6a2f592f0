"""Private keys are in the vault, and nowhere else."""
import base64
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import subprocess

import pytest

import harness
import smtp

pytestmark = pytest.mark.skipif(bool(harness.SUPER), reason="only root can look into a process")

PAGE = os.sysconf("SC_PAGE_SIZE")
KINDS = {"rsa": ["-newkey", "rsa:2048"],
         "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
         "ed25519": ["-newkey", "ed25519"]}


def make_pair(folder, kind):
    """A certificate, and a key that only root may read."""
    cert, key = folder / f"{kind}.pem", folder / f"{kind}.key"
    subprocess.run(["openssl", "req", "-x509", *KINDS[kind], "-nodes", "-subj", "/CN=pivot.test", "-days",
                    "30", "-out", str(cert), "-keyout", str(key)], check=True, capture_output=True)
    cert.chmod(0o644)
    key.chmod(0o600)
    return cert, key


def secret_numbers(key):
    """p, q and d of RSA, d of EC, the secret of Ed25519, as bytes."""
    text = subprocess.run(["openssl", "pkey", "-in", str(key), "-noout", "-text"], check=True,
                          capture_output=True, text=True).stdout
    found = {}
    for name, field in {"p": "prime1", "q": "prime2", "d": "privateExponent", "secret": "priv"}.items():
        match = re.search(rf"^{field}:\n((?: +[0-9a-f:]+\n)+)", text, re.M)
        if match:
            found[name] = bytes.fromhex(re.sub(r"[^0-9a-f]", "", match.group(1))).lstrip(b"\0")
    assert found
    return found


def present(pagemap, start, end):
    """The runs of pages that are there: (from, to)."""
    pagemap.seek(start // PAGE * 8)
    entries = struct.unpack(f"{(end - start) // PAGE}Q", pagemap.read((end - start) // PAGE * 8))
    begin = None
    for number, entry in enumerate((*entries, 0)):
        if entry >> 62 and begin is None:
            begin = number
        elif not entry >> 62 and begin is not None:
            yield start + begin * PAGE, start + number * PAGE
            begin = None


def memory_of(pid):
    """All that is in the memory of a process."""
    parts = []
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem, \
            open(f"/proc/{pid}/pagemap", "rb", 0) as pagemap:
        for line in maps:
            start, end = (int(number, 16) for number in line.split()[0].split("-"))
            # the shadow of AddressSanitizer is terabytes of nothing
            if line.split()[1][0] != "r" or end - start > 1 << 32 or "[v" in line:
                continue
            for first, last in present(pagemap, start, end):
                mem.seek(first)
                parts.append(mem.read(last - first))
    return parts


def found_in(pid, secrets):
    parts = memory_of(pid)
    return {name for name, value in secrets.items()
            if any(order in part for part in parts for order in (value, value[::-1]))}


def handshake(port, version):
    """A client's TLS session on a port that is TLS from the first byte."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", port), harness.PATIENCE) as raw:
        with context.wrap_socket(raw) as tls:
            assert tls.recv(3) == b"220"
            return tls.version()


VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def test_no_key_is_in_the_memory_of_mail(place):
    """The same search finds them in the vault."""
    facteur = place.facteur(start=False)
    pairs = {kind: make_pair(facteur.dir, kind) for kind in KINDS}
    ports = {kind: harness.free_port() for kind in KINDS}
    for kind, (cert, key) in pairs.items():
        facteur.write(f"conf.d/30-{kind}.conf", f"listen {kind} {{ on 127.0.0.1:{ports[kind]}; tls implicit; "
                      f"certificate {cert}; key {key} }}\n")
    facteur.tries_walls = True
    facteur.start()
    for port in ports.values():
        for version in VERSIONS * 5:
            handshake(port, version)
    secrets = {f"{name} of {kind}": value for kind, (_, key) in pairs.items()
               for name, value in secret_numbers(key).items()}
    assert len(secrets) == 5
    assert found_in(facteur.process_of("mail"), secrets) == set()
    assert found_in(facteur.process_of("vault"), secrets) == set(secrets)
    assert found_in(facteur.process.pid, secrets) == set()
    tried = {attempt["what"]: attempt["refused"] for attempt in facteur.json("walls")["attempts"]}
    assert all(tried[f"read {key}"] for _, key in pairs.values())


def test_no_password_hash_is_in_the_memory_of_mail(place):
    """Logins are checked in the vault, SCRAM too; mail has heard of nothing but yes and no."""
    port = harness.free_port()
    facteur = place.facteur(start=False)
    cert, key = make_pair(facteur.dir, "ec")
    facteur.write("users", "")
    (facteur.dir / "users").chmod(0o600)  # root's
    facteur.write("conf.d/30-login.conf", f"""\
tls {{ certificate {cert}; key {key} }}
login {{ passwd-file users; refusal-delay 0 }}
listen submission {{ on 127.0.0.1:{port}; tls required; login required }}
""")
    for name, scheme in (("ada", "SCRAM-SHA-256"), ("bob", "YESCRYPT")):
        facteur.cli("user", "set", f"{name}@pivot.test", "--scheme", scheme, data="secret\n")
    facteur.tries_walls = True
    facteur.start()
    for name in ("ada", "bob"):
        harness.swaks(port, "--tls", "--auth", "PLAIN", "--auth-user", f"{name}@pivot.test",
                      "--auth-password", "secret", "--quit-after", "AUTH")
        harness.swaks(port, "--tls", "--auth", "PLAIN", "--auth-user", f"{name}@pivot.test",
                      "--auth-password", "wrong", "--quit-after", "AUTH", code=28)
    hashes = [line.split("}", 1)[1] for line in (facteur.dir / "users").read_text().split()]
    # a SCRAM entry is ITERATIONS,SALT,STORED,SERVER, the keys in base64; the vault keeps them as bytes
    parts = hashes[0].split(",")
    secrets = {"stored key": base64.b64decode(parts[2]), "server key": base64.b64decode(parts[3]),
               "yescrypt": hashes[1].encode()}
    assert all(len(value) >= 32 for value in secrets.values())
    mail = found_in(facteur.process_of("mail"), secrets)
    assert mail == set() and found_in(facteur.process_of("vault"), secrets) == set(secrets)
    text = {f"text of {number}": value.encode() for number, value in enumerate(hashes)}
    assert found_in(facteur.process_of("mail"), text) == found_in(facteur.process.pid, text) == set()
    tried = {attempt["what"]: attempt["refused"] for attempt in facteur.json("walls")["attempts"]}
    assert tried[f"read {facteur.dir / 'users'}"]


def test_no_key_of_dkim_is_in_the_memory_of_mail(place):
    """Nor after a reload; and the next vault signs, too."""
    sink = place.sink()
    facteur = place.facteur(sink.port, start=False, files={
        "keys": "r pivot.test:r:./rsa.key\ne pivot.test:e:./ed25519.key\n", "table": "pivot.test r\npivot.test e\n"},
        more="sign { keytable keys; signingtable table; signatures all }")
    pairs = {kind: make_pair(facteur.dir, kind) for kind in ("rsa", "ed25519")}
    facteur.start()
    secrets = {f"{name} of {kind}": value for kind, (_, key) in pairs.items()
               for name, value in secret_numbers(key).items()}

    def sign(number):
        smtp.send(facteur.port, "a@pivot.test", ["x@far.test"], smtp.message(sender="a@pivot.test"))
        assert sink.wait(number)[number - 1].data.count(b"DKIM-Signature:") == 2
    sign(1)
    facteur.cli("reload")
    sign(2)
    assert found_in(facteur.process_of("mail"), secrets) == set()
    assert found_in(facteur.process_of("vault"), secrets) == set(secrets)
    assert found_in(facteur.process.pid, secrets) == set()
    pid = facteur.process_of("vault")
    os.kill(pid, signal.SIGKILL)
    sign(3)
    assert facteur.process_of("vault") not in (None, pid)


def test_a_renewed_key(place):
    port = harness.free_port()
    facteur = place.facteur(start=False)
    cert, key = make_pair(facteur.dir, "rsa")
    facteur.write("conf.d/30-tls.conf", f"tls {{ certificate {cert}; key {key} }}\n"
                  f"listen submissions {{ on 127.0.0.1:{port}; tls implicit }}\n")
    facteur.start()

    def shown():
        return ssl.get_server_certificate(("127.0.0.1", port), timeout=harness.PATIENCE)
    before = shown()
    other = make_pair(facteur.dir, "ec")
    os.rename(other[1], key)
    os.rename(other[0], cert)
    harness.wait_for(lambda: shown() != before, "the new certificate")
    assert shown().strip() == cert.read_text().strip()


def half_a_handshake(port, version=VERSIONS[1]):
    """A client that has said hello, and waits for what must be signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    tls = context.wrap_socket(socket.create_connection(("127.0.0.1", port), harness.PATIENCE),
                              do_handshake_on_connect=False)
    tls.setblocking(False)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return tls


def test_the_vault_is_killed(place):
    """Handshakes that it had in its hands are signed by the next one; meanwhile mail goes on."""
    port = harness.free_port()
    facteur = place.facteur(start=False, workers=1)
    cert, key = make_pair(facteur.dir, "rsa")
    facteur.write("conf.d/30-tls.conf", f"tls {{ certificate {cert}; key {key} }}\n"
                  f"listen submissions {{ on 127.0.0.1:{port}; tls implicit }}\n")
    facteur.start()
    for version in VERSIONS:
        pid = facteur.process_of("vault")
        os.kill(pid, signal.SIGSTOP)
        clients = [half_a_handshake(port, version) for _ in range(10)]
        with smtp.Client(facteur.port) as client:  # the handshakes are parked, and not the worker
            client.hello()
        os.kill(pid, signal.SIGKILL)
        for tls in clients:
            tls.settimeout(harness.PATIENCE)
            tls.do_handshake()
            assert tls.recv(3) == b"220"
            tls.close()
        harness.wait_for(lambda: facteur.process_of("vault") not in (None, pid), "the next vault")
    # and those whose clients go meanwhile
    pid = facteur.process_of("vault")
    os.kill(pid, signal.SIGSTOP)
    for tls in [half_a_handshake(port) for _ in range(20)]:
        tls.close()
    with smtp.Client(facteur.port) as client:
        client.hello()
    os.kill(pid, signal.SIGCONT)
    assert handshake(port, VERSIONS[1]) == "TLSv1.3"
    assert pathlib.Path(f"/proc/{pid}").exists()


def test_one_file_for_both_is_refused(place):
    facteur = place.facteur(start=False)
    cert, key = make_pair(facteur.dir, "ec")
    both = facteur.dir / "both.pem"
    both.write_text(cert.read_text() + key.read_text())
    facteur.write("conf.d/30-tls.conf", f"tls {{ certificate {both}; key {both} }}\n")
    assert f"conf.d/30-tls.conf:1:{len(str(both)) + 25}: {both}: the key needs a file of its own" in \
        facteur.cli("compile", code=1)
