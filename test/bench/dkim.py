#!/usr/bin/env python3
"""What signing and verifying cost, beside the bare RSA signature and beside opendkim.

All of it is CPU time, in one run: `openssl speed`, our machines in one process, and opendkim's test
mode, which does with files what its milter does with a message, without Postfix and the milter
protocol around it.  Then the whole way of a message: through Facteur, and through Postfix with
opendkim as its milter, each with and without a signature to make or to verify.
"""
import argparse
import base64
import os
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
MESSAGES = 2000  # on the way
KEY = "mail._domainkey.generator.test"
ROUNDS = 5  # medians of them; each runs both programs that are compared


def openssl_speed(seconds):
    """CPU microseconds of one RSA-2048 signature."""
    said = subprocess.run(["openssl", "speed", "-seconds", str(seconds), "rsa2048"], check=True,
                          capture_output=True, text=True).stdout
    return float(re.search(r"rsa 2048 bits ([0-9.]+)s", said)[1]) * 1e6


def openssl_verifies(seconds):
    """CPU microseconds of one Ed25519 verification: below it nobody who uses OpenSSL can come."""
    said = subprocess.run(["openssl", "speed", "-seconds", str(seconds), "ed25519"], check=True,
                          capture_output=True, text=True).stdout
    return 1e6 / float(said.split()[-1])


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


# --- the whole way -------------------------------------------------------------------------------

class Way:
    """Servers in a row, the last of which hands on to the sink."""

    def __init__(self, build, name):
        os.environ.setdefault("FACTEUR", str(build / "facteur"))
        import bench
        self.bench, self.build, self.place = bench, build, pathlib.Path(name)
        self.servers = bench.Servers(name, build)
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", self.place / "key", "2048"], check=True,
                       capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", self.place / "key", "-pubout", "-outform", "DER"],
                                check=True, capture_output=True).stdout
        self.record = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()
        (self.place / "public").write_text(f"{KEY} {self.record}\n")
        (self.place / "nobody").write_text("192.0.2.1\n")

    def facteur(self, onward, more, **settings):
        place = pathlib.Path(tempfile.mkdtemp(dir=self.place))
        place.chmod(0o711)
        files = {"keys": f"k generator.test:mail:{self.place}/key\n", "table": "*@generator.test k\n"}
        server = self.bench.harness_facteur(place, onward, self.bench.MORE + more, files, **settings)
        return self.servers.add(server)

    def signer(self, onward):
        return self.facteur(onward, "sign { keytable keys; signingtable refile:table }\n")

    def verifier(self, words):
        """Where strangers' mail comes in."""
        return self.facteur(None, f"postmaster p@sink.test\ndomain sink.test "
                                  f"{{ relay 127.0.0.1:{self.servers.sink_port} }}\n{words}", relay_for="",
                            zone=f'{KEY} TXT "{self.record}"\n')

    def milter(self, mode):
        """opendkim; its process."""
        port = self.servers.harness.free_port()
        conf = self.place / f"opendkim-{mode}.conf"
        conf.write_text(f"Mode {mode}\nSocket inet:{port}@127.0.0.1\nSyslog no\nRequireSafeKeys no\n"
                        "Canonicalization relaxed/relaxed\n" + (
                            f"Domain generator.test\nSelector mail\nKeyFile {self.place}/key\n" if mode == "s"
                            else f"TestPublicKeys {self.place}/public\nInternalHosts {self.place}/nobody\n"))
        daemon = self.servers.harness.Daemon(f"opendkim-{mode}", self.place, ["opendkim", "-f", "-x", str(conf)])
        daemon.launch()
        daemon.stop = daemon.terminate
        daemon.port = port
        daemon.wait_until(lambda: self.servers.harness.listening(port), "listening")
        return self.servers.add(daemon)

    def costs(self, messages, entry, *measured):
        """CPU microseconds a message of those that are measured."""
        def all_of():
            return sum(self.bench.cpu_seconds(server.process.pid) for server in measured)
        before = all_of()
        self.bench.run_own(self.servers, entry, messages)
        spent = (all_of() - before) * 1e6 / messages
        self.servers.stop_all()
        return spent


def whole_way(build, messages):
    """[(what, CPU microseconds a message without, and with the signature)]."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o711)
        way = Way(build, name)
        sink = way.servers.sink_port
        plain = way.facteur(sink, "")
        bare = way.costs(messages, plain, plain)
        ours = way.signer(sink)
        yield "Facteur signs", bare, way.costs(messages, ours, ours)
        plain = way.servers.postfix()
        bare = way.costs(messages, plain, plain)
        milter = way.milter("s")
        theirs = way.servers.postfix({"smtpd_milters": f"inet:127.0.0.1:{milter.port}"})
        yield "Postfix and opendkim sign", bare, way.costs(messages, theirs, theirs, milter)
        row = []
        for words in ("", "dkim { }\n"):
            last = way.verifier(words)
            row.append(way.costs(messages, way.signer(last.port), last))
        yield "Facteur verifies", *row
        plain = way.servers.postfix()
        bare = way.costs(messages, way.signer(plain.port), plain)
        milter = way.milter("v")
        theirs = way.servers.postfix({"smtpd_milters": f"inet:127.0.0.1:{milter.port}"})
        yield "Postfix and opendkim verify", bare, way.costs(messages, way.signer(theirs.port), theirs, milter)


def way_table(rows):
    lines = ["| the whole way of a message, CPU microseconds | without | with | signed or verified a CPU second |",
             "| --- | --- | --- | --- |"]
    return lines + [f"| {what} | {bare:,.0f} | {whole:,.0f} | {1e6 / whole:,.0f} |"
                    for what, bare, whole in rows]


def machine_table(rsa, ed25519, rows, opendkim_row):
    """What the machines alone cost."""
    lines = [f"{OCTETS} octets, CPU microseconds a message; by openssl speed a bare RSA-2048 signature takes "
             f"{rsa:.0f}, and an Ed25519 one is verified in {ed25519:.0f}.", "",
             "| | signing | verifying | signed a CPU second |", "| --- | --- | --- | --- |"]
    lines += [f"| {kind}, {canon} (bare {bare:.0f}) | {signing:.0f} | {verifying:.0f} | {1e6 / signing:,.0f} |"
              for kind, canon, bare, signing, verifying in rows]
    signing, verifying = opendkim_row
    return lines + [f"| opendkim, rsa-2048, relaxed/relaxed | {signing:.0f} | {verifying:.0f} | "
                    f"{1e6 / signing:,.0f} |"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--append", type=pathlib.Path, help="the page that gets the tables, too")
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
    wanted = [(signing / rsa, verifying) for kind, _, _, signing, verifying in rows if kind == "rsa-2048"]
    worst, slowest = max(row[0] for row in wanted), max(row[1] for row in wanted)
    text = "\n".join(["### DKIM", "",
                      *machine_table(rsa, openssl_verifies(seconds), rows, opendkim()), "",
                      *way_table(whole_way(options.build.resolve(),
                                           MESSAGES // (10 if options.quick else 1))), "",
                      f"signing: {worst:.2f} times the bare signature, wanted at most {SIGNING_MAX}; "
                      f"verifying: {slowest:.0f} microseconds, wanted at most {VERIFYING_MAX}"])
    print(text)
    if options.append:
        with options.append.open("a") as page:
            page.write(f"\n{text}\n")
    return 0 if worst <= SIGNING_MAX and slowest <= VERIFYING_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
