#!/usr/bin/env python3
"""What signing and verifying cost, beside the bare RSA signature and beside opendkim.

All of it is CPU time, in one run: `openssl speed`, our machines in one process, and opendkim's test
mode, which does with files what its milter does with a message, without Postfix and the milter
protocol around it.
"""
import argparse
import base64
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile

OCTETS = 4096
SIGNING_MAX = 1.3   # of the bare RSA-2048 signature
VERIFYING_MAX = 120  # microseconds, without the look-up
FILES = 400
ROUNDS = 5  # medians of them; each runs both programs that are compared


def openssl_speed(seconds):
    """CPU microseconds of one RSA-2048 signature."""
    said = subprocess.run(["openssl", "speed", "-seconds", str(seconds), "rsa2048"], check=True,
                          capture_output=True, text=True).stdout
    return float(re.search(r"rsa 2048 bits ([0-9.]+)s", said)[1]) * 1e6


def ours(build, seconds):
    """[(kind, canonicalization, bare, signing, verifying)], in CPU microseconds."""
    said = subprocess.run([build / "test/bench/bench_dkim", str(OCTETS), str(seconds)], check=True,
                          capture_output=True, text=True).stdout
    for line in said.splitlines():
        kind, canon, *numbers = line.split("\t")
        yield kind, canon, *map(float, numbers)


def cpu_of(words):
    """CPU microseconds that a program took, and what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run([str(word) for word in words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = sum(getattr(after, key) - getattr(before, key) for key in ("ru_utime", "ru_stime"))
    return spent * 1e6, (said.stdout + said.stderr)


def opendkim():
    """CPU microseconds of signing and of verifying a message, without those of its start."""
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", place / "key", "2048"], check=True,
                       capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", place / "key", "-pubout", "-outform", "DER"],
                                check=True, capture_output=True).stdout
        (place / "keys").write_text("mail._domainkey.signer.test v=DKIM1; k=rsa; p=" +
                                    base64.b64encode(public).decode() + "\n")
        common = "RequireSafeKeys no\nSyslog no\nCanonicalization relaxed/relaxed\n"
        (place / "sign").write_text(f"{common}Mode s\nDomain signer.test\nSelector mail\n"
                                    f"KeyFile {place}/key\n")
        (place / "verify").write_text(f"{common}Mode v\nTestPublicKeys {place}/keys\n")
        head = ("From: A Person <a@signer.test>\r\nTo: b@receiver.test\r\n"
                "Subject: what a signature costs\r\nMessage-ID: <1@signer.test>\r\n\r\n")
        line = "A line of text as people write it, with a few words in it.\r\n"
        message = head + line * ((OCTETS - len(head)) // len(line) + 1)
        (place / "m").write_bytes(message.encode())

        def each(mode, file):
            one, said = cpu_of(["opendkim", "-v", "-v", "-x", place / mode, "-t", place / file])
            many, _ = cpu_of(["opendkim", "-x", place / mode, "-t",
                              ",".join([str(place / file)] * FILES)])
            return (many - one) / (FILES - 1), said

        signing, said = each("sign", "m")
        field = re.search(rb"hname='DKIM-Signature' hvalue='([^']*)'", said)[1]
        (place / "s").write_bytes(b"DKIM-Signature: " + re.sub(rb"\r?\n", b"\r\n", field) + b"\r\n" +
                                  message.encode())
        verifying, said = each("verify", "s")
        assert b"succeeded" in said, said
        return signing, verifying


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    rounds, seconds = (1, 1) if options.quick else (ROUNDS, 1)
    speeds, runs = [], []
    for _ in range(rounds):
        speeds.append(openssl_speed(seconds))
        runs.append(list(ours(options.build, seconds)))
    rsa = statistics.median(speeds)
    rows = [(kind, canon, *(statistics.median(run[i][column] for run in runs)
                            for column in (2, 3, 4)))
            for i, (kind, canon, *_) in enumerate(runs[0])]
    their_signing, their_verifying = opendkim()
    print(f"{OCTETS} octets, CPU microseconds a message; openssl speed: {rsa:.0f} a bare RSA-2048 "
          "signature\n\n| | signing | verifying | signed a CPU second |\n| --- | --- | --- | --- |")
    for kind, canon, bare, signing, verifying in rows:
        print(f"| {kind}, {canon} (bare {bare:.0f}) | {signing:.0f} | {verifying:.0f} | {1e6 / signing:,.0f} |")
    print(f"| opendkim, rsa-2048, relaxed/relaxed | {their_signing:.0f} | {their_verifying:.0f} | "
          f"{1e6 / their_signing:,.0f} |\n")
    wanted = [(kind, canon, signing / rsa, verifying) for kind, canon, _, signing, verifying in rows
              if kind == "rsa-2048"]
    worst, slowest = max(row[2] for row in wanted), max(row[3] for row in wanted)
    print(f"signing: {worst:.2f} times the bare signature, wanted at most {SIGNING_MAX}\n"
          f"verifying: {slowest:.0f} microseconds, wanted at most {VERIFYING_MAX}")
    return 0 if worst <= SIGNING_MAX and slowest <= VERIFYING_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
