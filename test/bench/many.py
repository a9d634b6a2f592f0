#!/usr/bin/env python3
"""many - one message to 10,000 recipients at 500 domains, through Facteur and through Postfix

    many.py --build build-bench [--recipients 10000] [--domains 500] [--rounds 3] [--only facteur]
            [--append doc/bench.md]

Each domain has an address of its own (127.1.x.y), where one sink listens for all.  Timed is from
the first byte of the client until the sink has the last recipient.  Both servers run with their
defaults, but for the number of recipients that they take in one message, which both have to be
told.  Facteur's memory and what its spool holds of the message are looked at on the way.
"""
import argparse
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))

KIB, MIB = 1024, 1024 * 1024
BODY = 64 * KIB
SECONDS = 600


def address_of(domain):
    return f"127.1.{domain // 250}.{domain % 250 + 1}"


def send(port, recipients):
    """A client that pipelines; the reply to the end of the message must be 250."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        file = sock.makefile("rb")

        def reply():
            while True:
                line = file.readline()
                if line[3:4] != b"-":
                    return line

        assert reply().startswith(b"220")
        sock.sendall(b"EHLO client.test\r\n")
        assert reply().startswith(b"250")
        sock.sendall(b"MAIL FROM:<from@client.test>\r\n")
        assert reply().startswith(b"250")
        for at in range(0, len(recipients), 500):
            some = recipients[at:at + 500]
            sock.sendall(b"".join(f"RCPT TO:<{to}>\r\n".encode() for to in some))
            for to in some:
                line = reply()
                assert line.startswith(b"250"), (to, line)
        sock.sendall(b"DATA\r\n")
        assert reply().startswith(b"354")
        line = b"x" * 76 + b"\r\n"
        sock.sendall(b"From: <from@client.test>\r\nTo: <list@client.test>\r\nSubject: To many\r\n"
                     b"Date: Tue, 24 Nov 2026 04:28:54 +0000\r\nMessage-ID: <many@client.test>\r\n\r\n"
                     + line * (BODY // len(line)) + b".\r\n")
        line = reply()
        assert line.startswith(b"250"), line


class Watch(threading.Thread):
    """The most private memory that a process had, and the most that lived in its spool."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.on = server, True
        self.octets, self.living = 0, 0

    def run(self):
        import bench
        while self.on:
            self.octets = max(self.octets, bench.private_octets(self.server.process.pid))
            time.sleep(0.02)


def facteur(place, harness, port, domains):
    zone = "".join(f"d{n}.test MX 10 mx.d{n}.test\nmx.d{n}.test A {address_of(n)}\n" for n in range(domains))
    return harness.Facteur(
        place, zone=zone, workers=0 or 1,
        more=f"transport far {{ smtp; port {port}; tls none }}\nroute * {{ transport far }}\n"
             "limits { recipients 20000 }\n").start()


def postfix(place, harness, port, domains):
    table = place / "transport"
    table.write_text("".join(f"d{n}.test smtp:[{address_of(n)}]:{port}\n" for n in range(domains)))
    table.chmod(0o644)
    return harness.Postfix(place, port, settings={
        "maillog_file": "", "relayhost": "", "smtpd_recipient_limit": 20000,
        "transport_maps": f"texthash:{table}"}).start()


def run(server, build, port, recipients, watch):
    sink = subprocess.Popen(
        [build / "test/bench/bench_sink", "--listen", f"0.0.0.0:{port}", "--messages", "1", "--recipients",
         str(len(recipients)), "--seconds", str(SECONDS)], stdout=subprocess.PIPE, text=True)
    assert sink.stdout.readline().startswith("listening")
    watcher = Watch(server)
    if watch:
        watcher.start()
    begin = time.clock_gettime(time.CLOCK_MONOTONIC)
    send(server.port, recipients)
    accepted = time.clock_gettime(time.CLOCK_MONOTONIC) - begin
    came = json.loads(sink.communicate(timeout=SECONDS + 10)[0])
    watcher.on = False
    assert came["recipients"] == len(recipients), came
    return {"seconds": came["last_us"] / 1e6 - begin, "accept": accepted,
            "transactions": came["transactions"], "memory": watcher.octets}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build-bench")
    parser.add_argument("--recipients", type=int, default=10000)
    parser.add_argument("--domains", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only")
    parser.add_argument("--append", type=pathlib.Path, help="the page that gets the table, too")
    options = parser.parse_args()
    build = pathlib.Path(options.build).resolve()
    os.environ.setdefault("FACTEUR", str(build / "facteur"))
    sys.path.insert(0, str(HERE))
    import harness
    recipients = [f"u{n}@d{n % options.domains}.test" for n in range(options.recipients)]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="facteur-many-"))
    folder.chmod(0o711)
    found = {}
    try:
        for name, make in (("facteur", facteur), ("postfix", postfix)):
            if options.only and name != options.only:
                continue
            place, port = folder / name, harness.free_port()
            place.mkdir()
            place.chmod(0o755)
            server = make(place, harness, port, options.domains)
            try:
                for n in range(options.rounds):
                    seen = run(server, build, port, recipients, name == "facteur")
                    found.setdefault(name, []).append(seen)
                    print(f"  {name}: " + ", ".join(f"{k} {v:,.2f}" for k, v in seen.items()), flush=True)
                if name == "facteur":
                    log = server.json("status")["spool"]
                    commits = log["commits"]
                    print(f"  facteur: {commits} commits for {options.rounds} messages: each is stored once")
                    assert commits == options.rounds
            finally:
                server.destroy()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    ours = statistics.median(r["seconds"] for r in found["facteur"])
    memory = max(r["memory"] for r in found["facteur"])
    good = memory < 64 * MIB
    lines = [f"### One message of {BODY // KIB} KiB to {options.recipients:,} recipients at {options.domains} domains",
             "", "| | s until the last one has it | private MiB, at most |", "| --- | --- | --- |",
             f"| Facteur (wanted: less than 64 MiB) | {ours:.2f} | {memory / MIB:.1f} |"]
    if "postfix" in found:
        theirs = statistics.median(r["seconds"] for r in found["postfix"])
        lines.append(f"| Postfix (wanted: at least 10 times as long: {theirs / ours:.1f}) | {theirs:.2f} | |")
        good &= theirs >= 10 * ours
    lines += ["", "It is stored once."]
    print("\n".join(lines))
    if options.append:
        with options.append.open("a") as page:
            page.write("\n" + "\n".join(lines) + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
