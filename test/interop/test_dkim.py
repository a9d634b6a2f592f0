"""Our signatures before dkimpy, opendkim and Mail::DKIM, and theirs before us: 2,000 each way."""
import base64
import concurrent.futures
import os
import pathlib
import re
import subprocess
import time

import dkim
import dkim_generate
import nacl.signing
import pytest

import harness

COUNT = 2000
SEED = 6376
NOW = 1700000000
JUDGE = str(pathlib.Path(harness.FACTEUR).parent / "test" / "message_judge")
CANONS = [f"{header}/{body}" for header in ("relaxed", "simple") for body in ("relaxed", "simple")]
BATCH = 250  # files on one command line
PERL = pathlib.Path(__file__).with_name("dkim_judge.pl")


class Keys:
    """An RSA and an Ed25519 key, in the forms that everybody wants."""

    def __init__(self, folder):
        self.rsa, self.ed = folder / "rsa.pem", folder / "ed.pem"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", self.rsa, "1024"], check=True,
                       capture_output=True)
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.ed], check=True,
                       capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", self.rsa, "-pubout", "-outform", "DER"],
                                check=True, capture_output=True).stdout
        secret = subprocess.run(["openssl", "pkey", "-in", self.ed, "-outform", "DER"], check=True,
                                capture_output=True).stdout[-32:]
        self.ed_seed = base64.b64encode(secret)
        ed_public = bytes(nacl.signing.SigningKey(secret).verify_key)
        self.records = {
            "rsa": "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode(),
            "ed": "v=DKIM1; k=ed25519; p=" + base64.b64encode(ed_public).decode(),
        }
        self.zone = "".join(
            f'{name}._domainkey.signer.test TXT "{record[:200]}" "{record[200:]}"\n'
            for name, record in self.records.items())


@pytest.fixture(name="keys", scope="module")
def make_keys(tmp_path_factory):
    return Keys(tmp_path_factory.mktemp("keys"))


def batches(items):
    return [items[i:i + BATCH] for i in range(0, len(items), BATCH)]


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True,
                          timeout=harness.PATIENCE * 10)
    harness.ended_well(done.stderr.decode(errors="replace"))
    assert done.returncode == 0, done.stderr[:2000]
    return done


def on_all_cores(work, items):
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, items, chunksize=20))


# --- judges: one verdict a message, True when everything in it verifies

def ours(messages, keys, folder):
    paths, now = [], int(time.time())
    for number, message in enumerate(messages):
        paths.append(folder / f"ours-{number}")
        paths[-1].write_bytes(keys.zone.encode() + b"--\n" + message)
    lines = []
    for part in batches(paths):
        lines += run(JUDGE, "dkim", now, *part).stdout.decode().splitlines()
    return [set(line.split(",")) == {"pass"} for line in lines]


class DkimpyVerdict:
    """To be called in other processes."""

    def __init__(self, keys):
        self.records = keys.records

    def dns(self, name, timeout=5):
        return self.records[name.decode().split(".")[0]].encode()

    def __call__(self, message):
        count = len(re.findall(rb"^DKIM-Signature:", message, re.M))
        try:
            return all(dkim.DKIM(message).verify(idx=i, dnsfunc=self.dns) for i in range(count))
        except dkim.DKIMException:
            return False


def opendkim(messages, keys, folder):
    """By its test mode, which reads files as a milter would be given them."""
    (folder / "keys").write_text(f"rsa._domainkey.signer.test {keys.records['rsa']}\n")
    (folder / "verify.conf").write_text("Mode v\nRequireSafeKeys no\nSyslog no\n"
                                        f"TestPublicKeys {folder}/keys\n")
    said = {}
    paths = []
    for number, message in enumerate(messages):
        paths.append(folder / f"opendkim-{number}")
        paths[-1].write_bytes(message)
    for part in batches(paths):
        done = run("opendkim", "-v", "-x", folder / "verify.conf", "-t", ",".join(map(str, part)))
        for path, word in re.findall(r"opendkim: (\S+): verification .*(succeeded|failed)",
                                     (done.stdout + done.stderr).decode(errors="replace")):
            said[path] = word == "succeeded"
    return [said.get(str(path)) for path in paths]


def mail_dkim(messages, keys, folder):
    paths, lines = [], []
    for number, message in enumerate(messages):
        paths.append(folder / f"perl-{number}")
        paths[-1].write_bytes(message)
    for part in batches(paths):
        lines += run("perl", PERL, keys.records["rsa"], *part).stdout.decode().splitlines()
    return [line == "pass" for line in lines]


def whole(messages):
    """Those that end in CRLF, as all do that cross SMTP by DATA.  Where it is missing it counts as
    if it were there (RFC 6376 section 3.4.3); opendkim refuses such a message, and Mail::DKIM
    hashes what it has, so only dkimpy can be asked about those."""
    return [message for message in messages if message.endswith(b"\r\n")]


def wrong(verdicts, wanted):
    return [number for number, verdict in enumerate(verdicts) if verdict is not wanted]


# --- we sign

@pytest.fixture(name="signed", scope="module")
def sign_ours(keys, tmp_path_factory):
    """{algorithms: [message, ...]}; every canonicalization is among them."""
    folder = tmp_path_factory.mktemp("signed")
    paths = {"rsa": [], "ed25519": [], "rsa,ed25519": []}
    for number in range(COUNT):
        how = ("rsa", "rsa", "ed25519", "rsa,ed25519")[number % 4]
        path = folder / str(number)
        path.write_bytes(f"{CANONS[number // 4 % 4]} {how} {NOW}\n".encode() +
                         dkim_generate.message(SEED + number))
        paths[how].append(path)
    everything = [path for group in paths.values() for path in group]
    for part in batches(everything):
        run(JUDGE, "sign", keys.rsa, keys.ed, *part)
    return {how: [path.with_name(path.name + ".signed").read_bytes() for path in group]
            for how, group in paths.items()}


def test_what_we_sign_verifies_elsewhere(keys, signed, tmp_path, capsys):
    everything = [message for group in signed.values() for message in group]
    mutated = [dkim_generate.mutated(message, number) for number, message in enumerate(everything)]
    rsa, rsa_mutated = whole(signed["rsa"]), whole(mutated[:len(signed["rsa"])])
    results = {
        "us": (ours(everything, keys, tmp_path), ours(mutated, keys, tmp_path)),
        "dkimpy": (on_all_cores(DkimpyVerdict(keys), everything),
                   on_all_cores(DkimpyVerdict(keys), mutated)),
        "opendkim": (opendkim(rsa, keys, tmp_path), opendkim(rsa_mutated, keys, tmp_path)),
        "Mail::DKIM": (mail_dkim(rsa, keys, tmp_path), mail_dkim(rsa_mutated, keys, tmp_path)),
    }
    bad = {}
    with capsys.disabled():
        print()
        for who, (good, changed) in results.items():
            bad[who] = wrong(good, True), wrong(changed, False)
            print(f"signed by us, verified by {who}: {len(good) - len(bad[who][0])} of {len(good)}; "
                  f"changed and refused: {len(changed) - len(bad[who][1])} of {len(changed)}")
    assert not any(part for pair in bad.values() for part in pair), bad
    assert len(everything) == COUNT and len(rsa) > 850


# --- others sign

class DkimpySigner:
    def __init__(self, keys):
        self.rsa, self.ed_seed = keys.rsa.read_bytes(), keys.ed_seed

    def __call__(self, number):
        message = dkim_generate.message(SEED + COUNT + number)
        canon = tuple(part.encode() for part in CANONS[number % 4].split("/"))
        use_ed = number // 4 % 2
        field = dkim.sign(message, b"ed" if use_ed else b"rsa", b"signer.test",
                          self.ed_seed if use_ed else self.rsa, canonicalize=canon,
                          signature_algorithm=b"ed25519-sha256" if use_ed else b"rsa-sha256",
                          linesep=b"\r\n")
        return field + message


def opendkim_signed(keys, folder, count):
    signed = []
    for which, canon in enumerate(CANONS):
        (folder / "sign.conf").write_text(
            "Mode s\nRequireSafeKeys no\nSyslog no\nDomain signer.test\nSelector rsa\n"
            f"KeyFile {keys.rsa}\nCanonicalization {canon}\nOversignHeaders From\n")
        numbers = range(SEED + 2 * COUNT + which, SEED + 4 * COUNT, 4)
        messages = whole(map(dkim_generate.message, numbers))[:count // 4]
        paths = []
        for number, message in enumerate(messages):
            paths.append(folder / f"sign-{which}-{number}")
            paths[-1].write_bytes(message)
        fields = []
        for part in batches(paths):
            done = run("opendkim", "-v", "-v", "-x", folder / "sign.conf", "-t",
                       ",".join(map(str, part)))
            fields += re.findall(rb"hname='DKIM-Signature' hvalue='([^']*)'", done.stdout)
        assert len(fields) == len(messages)
        signed += [b"DKIM-Signature: " + re.sub(rb"\r?\n", b"\r\n", field) + b"\r\n" + message
                   for field, message in zip(fields, messages)]
    return signed


def test_what_others_sign_verifies_here(keys, tmp_path, capsys):
    results = {}
    for who, signed in (("dkimpy", on_all_cores(DkimpySigner(keys), range(COUNT // 2))),
                        ("opendkim", opendkim_signed(keys, tmp_path, COUNT // 2))):
        mutated = [dkim_generate.mutated(message, n) for n, message in enumerate(signed)]
        good, changed = ours(signed, keys, tmp_path), ours(mutated, keys, tmp_path)
        results[who] = wrong(good, True), wrong(changed, False)
        with capsys.disabled():
            print(f"\nsigned by {who}, verified by us: {len(good) - len(results[who][0])} of "
                  f"{len(good)}; changed and refused: {len(changed) - len(results[who][1])} of "
                  f"{len(changed)}", end="")
        assert len(good) == COUNT // 2
    assert not any(part for pair in results.values() for part in pair), results
