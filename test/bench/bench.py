#!/usr/bin/env python3
"""bench - Facteur and Postfix in turn, in one run, on one disk

    bench.py --build build-bench [--quick] [--only ROW...] [--write doc/bench.md]

Every figure is the median of several rounds (five; three with --quick), and each round runs all
that is compared, one after the other, so that a slow minute of the machine meets all of them.
Messages carry numbers, and the sink counts them: a run that loses one has no result.
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))

TICK = os.sysconf("SC_CLK_TCK")
SETTLE = 0.5  # seconds after a run before its CPU is read: what a server does late is its cost, too
SINK_SECONDS = 300
KIB, MIB = 1024, 1024 * 1024
# One client is all clients here.
MORE = "limits { sessions 15000; sessions-per-client 15000 }\n"
POSTFIX_PROCESSES = 100  # default_process_limit: more clients wait in the backlog


def say(text):
    print(text, flush=True)


# --- what a process costs ------------------------------------------------------------------------

def stat(pid):
    """(parent, CPU seconds with all children that have ended), or None when it is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), sum(map(int, fields[11:15])) / TICK


def family(root):
    """A process and all that live below it."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (seen := stat(int(entry))):
            parents.setdefault(seen[0], []).append(int(entry))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


def cpu_seconds(root):
    return sum(seen[1] for pid in family(root) if (seen := stat(pid)))


def private_octets(root):
    total = 0
    for pid in family(root):
        try:
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) * KIB for line in text.splitlines()
                     if line.startswith(("Private_Clean", "Private_Dirty")))
    return total


# --- the servers ---------------------------------------------------------------------------------

def harness_facteur(place, onward, more, files, **settings):
    import harness
    return harness.Facteur(place, onward=onward, more=more, files=files, **settings).start()


class Servers:
    """All that mail is sent through; each hands on to the sink's port."""

    def __init__(self, folder, build):
        import harness
        self.harness, self.folder, self.build = harness, folder, build
        self.sink_port = harness.free_port()
        self.started = []

    def facteur(self, workers=0, more=""):
        place = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        place.chmod(0o711)
        server = self.harness.Facteur(
            place, onward=self.sink_port, workers=workers, more=MORE + more).start()
        return self.add(server)

    def postfix(self, settings=None):
        place = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        place.chmod(0o711)
        # As Debian installs it, it logs to a syslog daemon; none runs here, which costs it nothing.
        return self.add(self.harness.Postfix(
            place, self.sink_port, settings={"maillog_file": "", **(settings or {})}).start())

    def null_relay(self):
        port = self.harness.free_port()
        server = self.harness.Daemon("null_relay", self.folder, [
            str(self.build / "test/bench/bench_null_relay"), "--listen", f"127.0.0.1:{port}", "--to",
            f"127.0.0.1:{self.sink_port}"])
        server.launch()
        server.port = port
        server.wait_until(lambda: self.harness.listening(port), "listening")
        server.stop = server.terminate
        return self.add(server)

    def add(self, server):
        self.started.append(server)
        return server

    def stop(self, server):
        self.started.remove(server)
        server.stop()
        server.destroy()

    def stop_all(self):
        for server in list(self.started):
            self.stop(server)


# --- one run -------------------------------------------------------------------------------------

class Lost(Exception):
    pass


def run_own(servers, server, messages, size=4 * KIB, sessions=20, per_session=1, pause=0, rate=0):
    """Generator, server (None: straight), sink.  What it took."""
    build = servers.build / "test/bench"
    port = server.port if server else servers.sink_port
    sink = subprocess.Popen(
        [build / "bench_sink", "--listen", f"127.0.0.1:{servers.sink_port}", "--messages",
         str(messages), "--seconds", str(SINK_SECONDS)], stdout=subprocess.PIPE, text=True)
    assert sink.stdout.readline().startswith("listening")
    before = cpu_seconds(server.process.pid) if server else 0
    generator = subprocess.run(
        [build / "bench_generator", "--to", f"127.0.0.1:{port}", "--messages", str(messages),
         "--sessions", str(sessions), "--per-session", str(per_session), "--size", str(size),
         "--pause", str(pause), "--rate", str(rate)], stdout=subprocess.PIPE, text=True, timeout=SINK_SECONDS)
    sent = json.loads(generator.stdout)
    if sent["failed"]:
        sink.kill()
        raise Lost(f"{sent['failed']} of {messages} refused ({sent['failure']})")
    came = json.loads(sink.communicate(timeout=SINK_SECONDS + 10)[0])
    if came["messages"] != messages or came["again"]:
        raise Lost(f"{came['messages']} of {messages} came, {came['again']} of them again")
    time.sleep(SETTLE)
    after = cpu_seconds(server.process.pid) if server else 0
    seconds = (came["last_us"] - sent["begun_us"]) / 1e6
    return {
        "rate": messages / seconds,
        "accept_rate": messages / ((sent["ended_us"] - sent["begun_us"]) / 1e6),
        "octets_rate": messages * size / seconds,
        "cpu_us": (after - before) * 1e6 / messages,
        "generator_us": sent["cpu_us"] / messages,
        "sink_us": came["cpu_us"] / messages,
        "p50_us": came["latency_us"]["p50"],
        "p99_us": came["latency_us"]["p99"],
    }


def run_postfix_tools(servers, server, messages, size=4 * KIB, sessions=20):
    """The same with smtp-source and smtp-sink, which know no numbers but count."""
    port = server.port if server else servers.sink_port
    user = ["-u", "postfix"] if os.geteuid() == 0 else []
    # With -M it ends at the last message, and hangs up on who waits for that reply: a server may
    # be treated so, smtp-source ends in an error.
    last = ["-M", str(messages)] if server else []
    sink = subprocess.Popen(["smtp-sink", *user, *last, f"127.0.0.1:{servers.sink_port}", "1000"])
    servers.harness.wait_for(lambda: listening(servers.sink_port), "smtp-sink")
    before = cpu_seconds(server.process.pid) if server else 0
    begin = time.monotonic()
    subprocess.run(["smtp-source", "-s", str(sessions), "-m", str(messages), "-l", str(size), "-f",
                    "from@generator.test", "-t", "to@sink.test", f"127.0.0.1:{port}"], check=True,
                   timeout=SINK_SECONDS)
    if not server:
        sink.kill()
    sink.wait(SINK_SECONDS)
    seconds = time.monotonic() - begin
    time.sleep(SETTLE)
    after = cpu_seconds(server.process.pid) if server else 0
    return {"rate": messages / seconds, "cpu_us": (after - before) * 1e6 / messages}


def listening(port):
    """Without connecting: smtp-sink counts sessions, not only messages."""
    needle = f"0100007F:{port:04X} 00000000:0000 0A"
    return needle in pathlib.Path("/proc/net/tcp").read_text()


def disk_rate(folder, octets):
    """What the disk itself sustains: one file, appended, synced every 16 MiB."""
    block = os.urandom(MIB)
    path = pathlib.Path(folder) / "disk"
    begin = time.monotonic()
    with open(path, "wb", buffering=0) as file:
        for number in range(octets // MIB):
            file.write(block)
            if number % 16 == 15:
                os.fdatasync(file.fileno())
        os.fdatasync(file.fileno())
    seconds = time.monotonic() - begin
    path.unlink()
    return octets / seconds


# --- figures -------------------------------------------------------------------------------------

class Figures:
    """Named series of results; a run that failed leaves its reason."""

    def __init__(self, rounds):
        self.rounds, self.series, self.troubles = rounds, {}, []

    def measure(self, name, run, *args, **more):
        try:
            result = run(*args, **more)
        except (Lost, subprocess.SubprocessError, AssertionError, OSError) as error:
            self.troubles.append(f"{name}: {error}")
            say(f"  {name}: {error}")
            return
        for key, value in (result if isinstance(result, dict) else {"rate": result}).items():
            self.series.setdefault((name, key), []).append(value)
        say("  " + name + ": " + ", ".join(
            f"{k} {v:,.0f}" for k, v in (result if isinstance(result, dict) else {"": result}).items()))

    def get(self, name, key="rate"):
        values = self.series.get((name, key))
        return statistics.median(values) if values else None

    def spread(self, name, key="rate"):
        values = self.series.get((name, key), [])
        return (min(values), max(values)) if values else None


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def ratio(a, b):
    return a / b if a is not None and b else None


class Page:
    """doc/bench.md, and the same on the screen."""

    def __init__(self):
        self.lines = []
        self.goals = []

    def add(self, *lines):
        self.lines += lines

    def table(self, head, rows):
        self.add("", "| " + " | ".join(head) + " |", "|" + " --- |" * len(head))
        self.add(*("| " + " | ".join(row) + " |" for row in rows), "")

    def goal(self, what, wanted, got, reached):
        verdict = "not measured" if got is None else "reached" if reached else "**missed**"
        self.goals.append([what, wanted, "-" if got is None else got, verdict])


# --- the rows ------------------------------------------------------------------------------------

def small(servers, figures, page, quick, sessions):
    many, few = (5000, 1000) if quick else (20000, 3000)
    facteur, postfix, null = servers.facteur(), servers.postfix(), servers.null_relay()
    for server in (facteur, postfix, null):
        run_own(servers, server, 200, sessions=sessions)  # processes start, caches fill
    for _ in range(figures.rounds):
        figures.measure(f"sink {sessions}", run_own, servers, None, many, sessions=sessions)
        figures.measure(f"null {sessions}", run_own, servers, null, many, sessions=sessions)
        figures.measure(f"facteur {sessions}", run_own, servers, facteur, many, sessions=sessions)
        figures.measure(f"postfix {sessions}", run_own, servers, postfix, few, sessions=sessions)
    for server in (facteur, postfix, null):
        servers.stop(server)

    names = [("generator straight into the sink", f"sink {sessions}"),
             ("through the null relay", f"null {sessions}"),
             ("Facteur", f"facteur {sessions}"), ("Postfix", f"postfix {sessions}")]
    base = figures.get(f"postfix {sessions}")
    page.add(f"### 4 KiB messages, one a session, {sessions} sessions")
    page.table(["", "messages/s", "least to most", "against Postfix", "CPU µs/message",
                "to the sink, p50 ms", "p99 ms"],
               [[title, number(figures.get(n)),
                 " to ".join(number(v) for v in figures.spread(n) or ()),
                 number(ratio(figures.get(n), base), 1), number(figures.get(n, "cpu_us")),
                 number(scale(figures.get(n, "p50_us"), 1e-3), 1),
                 number(scale(figures.get(n, "p99_us"), 1e-3), 1)] for title, n in names])
    page.add(f"The generator itself costs {number(figures.get(names[0][1], 'generator_us'))} µs a "
             f"message, the sink {number(figures.get(names[0][1], 'sink_us'))} µs.", "")
    times = ratio(figures.get(f"facteur {sessions}"), base)
    half = ratio(figures.get(f"facteur {sessions}"), figures.get(f"null {sessions}"))
    cpu = ratio(figures.get(f"postfix {sessions}", "cpu_us"), figures.get(f"facteur {sessions}", "cpu_us"))
    page.goal(f"4 KiB, {sessions} sessions: rate against Postfix", "at least 10",
              times and f"{times:.1f}", times and times >= 10)
    page.goal(f"4 KiB, {sessions} sessions: rate against the null relay", "at least 0.50",
              half and f"{half:.2f}", half and half >= 0.5)
    page.goal(f"4 KiB, {sessions} sessions: Postfix's CPU a message over ours", "at least 20",
              cpu and f"{cpu:.1f}", cpu and cpu >= 20)


def scale(value, by):
    return None if value is None else value * by


def small_20(servers, figures, page, quick):
    small(servers, figures, page, quick, 20)


def small_100(servers, figures, page, quick):
    small(servers, figures, page, quick, 100)


def several(servers, figures, page, quick):
    many, few = (5000, 1000) if quick else (20000, 3000)
    facteur, postfix, null = servers.facteur(), servers.postfix(), servers.null_relay()
    for _ in range(figures.rounds):
        for name, server, count in (("null", null, many), ("facteur", facteur, many),
                                    ("postfix", postfix, few)):
            figures.measure(f"{name} several", run_own, servers, server, count, per_session=20)
    for server in (facteur, postfix, null):
        servers.stop(server)
    page.add("### 4 KiB messages, twenty a session, 20 sessions")
    page.table(["", "messages/s", "CPU µs/message"],
               [[title, number(figures.get(f"{n} several")),
                 number(figures.get(f"{n} several", "cpu_us"))]
                for title, n in (("through the null relay", "null"), ("Facteur", "facteur"),
                                 ("Postfix", "postfix"))])


def postfix_tools(servers, figures, page, quick):
    many, few = (2000, 1000) if quick else (5000, 2000)
    facteur, postfix, null = servers.facteur(), servers.postfix(), servers.null_relay()
    for _ in range(figures.rounds):
        for name, server, count in (("sink", None, many), ("null", null, many),
                                    ("facteur", facteur, many), ("postfix", postfix, few)):
            figures.measure(f"{name} tools", run_postfix_tools, servers, server, count)
    for server in (facteur, postfix, null):
        servers.stop(server)
    page.add("### The same with smtp-source and smtp-sink, 20 sessions")
    page.table(["", "messages/s", "against Postfix", "CPU µs/message"],
               [[title, number(figures.get(f"{n} tools")),
                 number(ratio(figures.get(f"{n} tools"), figures.get("postfix tools")), 1),
                 number(figures.get(f"{n} tools", "cpu_us"))]
                for title, n in (("smtp-source straight into smtp-sink", "sink"),
                                 ("through the null relay", "null"), ("Facteur", "facteur"),
                                 ("Postfix", "postfix"))])


def latency(servers, figures, page, quick):
    count = 50 if quick else 200
    facteur, postfix = servers.facteur(), servers.postfix()
    for server in (facteur, postfix):
        run_own(servers, server, 20, sessions=1)
    for _ in range(figures.rounds):
        for name, server in (("facteur", facteur), ("postfix", postfix)):
            figures.measure(f"{name} alone", run_own, servers, server, count, sessions=1, pause=20)
    servers.stop(facteur)
    servers.stop(postfix)
    page.add("### One message on an idle server: from the connect to the sink")
    page.table(["", "p50 ms", "p99 ms", "CPU µs/message"],
               [[title, number(scale(figures.get(f"{n} alone", "p50_us"), 1e-3), 2),
                 number(scale(figures.get(f"{n} alone", "p99_us"), 1e-3), 2),
                 number(figures.get(f"{n} alone", "cpu_us"))]
                for title, n in (("Facteur", "facteur"), ("Postfix", "postfix"))])
    ours, theirs = figures.get("facteur alone", "p50_us"), figures.get("postfix alone", "p50_us")
    page.goal("one message on an idle server, p50", "no later than Postfix",
              ours and theirs and f"{ours / 1e3:.2f} ms against {theirs / 1e3:.2f} ms",
              ours and theirs and ours <= theirs)


def large(servers, figures, page, quick):
    many, few = (512, 128) if quick else (3072, 1024)
    facteur, postfix, null = servers.facteur(), servers.postfix(), servers.null_relay()
    for _ in range(figures.rounds):
        figures.measure("disk", disk_rate, servers.folder, many * MIB)
        figures.measure("null large", run_own, servers, null, many, size=MIB)
        figures.measure("facteur large", run_own, servers, facteur, many, size=MIB)
        figures.measure("postfix large", run_own, servers, postfix, few, size=MIB)
    for server in (facteur, postfix, null):
        servers.stop(server)
    disk = scale(figures.get("disk"), 1 / MIB)
    page.add(f"### 1 MiB messages, one a session, 20 sessions ({many / KIB:.1f} GiB a round; "
             f"Postfix {few / KIB:.1f} GiB)")
    page.table(["", "MiB/s", "against Postfix", "CPU ms/message"],
               [["the disk: one file, synced every 16 MiB", number(disk), "", ""]] +
               [[title, number(scale(figures.get(f"{n} large", "octets_rate"), 1 / MIB)),
                 number(ratio(figures.get(f"{n} large"), figures.get("postfix large")), 1),
                 number(scale(figures.get(f"{n} large", "cpu_us"), 1e-3), 1)]
                for title, n in (("through the null relay", "null"), ("Facteur", "facteur"),
                                 ("Postfix", "postfix"))])
    times = ratio(figures.get("facteur large"), figures.get("postfix large"))
    share = ratio(scale(figures.get("facteur large", "octets_rate"), 1 / MIB), disk)
    cpu = ratio(figures.get("postfix large", "cpu_us"), figures.get("facteur large", "cpu_us"))
    page.goal("1 MiB: rate", "2.5 times Postfix's, or 80 % of the disk's",
              times and share and f"{times:.1f} times, {share * 100:.0f} %",
              times and share and (times >= 2.5 or share >= 0.8))
    page.goal("1 MiB: Postfix's CPU a message over ours", "at least 4", cpu and f"{cpu:.1f}",
              cpu and cpu >= 4)


def hold(servers, server, connections):
    """Private octets that each idle connection costs."""
    before = private_octets(server.process.pid)
    idle = subprocess.Popen(
        [servers.build / "test/bench/bench_idle", "--to", f"127.0.0.1:{server.port}",
         "--connections", str(connections)], stdout=subprocess.PIPE, text=True)
    try:
        holding = idle.stdout.readline()
        if holding.strip() != f"holding {connections}":
            raise Lost(f"not all connections stand: {holding.strip()}")
        time.sleep(SETTLE)
        after = private_octets(server.process.pid)
    finally:
        idle.kill()
        idle.wait()
    return {"octets": (after - before) / connections}


def idle(servers, figures, page, quick):
    for _ in range(figures.rounds):
        facteur, postfix = servers.facteur(), servers.postfix()
        figures.measure("facteur idle", hold, servers, facteur, 10000)
        figures.measure("postfix idle", hold, servers, postfix, POSTFIX_PROCESSES)
        servers.stop(facteur)
        servers.stop(postfix)
    page.add("### Idle connections")
    page.table(["", "held at once", "private KiB each"],
               [["Facteur", "10,000", number(scale(figures.get("facteur idle", "octets"), 1 / KIB), 1)],
                ["Postfix", f"{POSTFIX_PROCESSES} (its default limit of processes)",
                 number(scale(figures.get("postfix idle", "octets"), 1 / KIB), 1)]])
    each = scale(figures.get("facteur idle", "octets"), 1 / KIB)
    page.goal("10,000 idle connections: private memory each", "at most 16 KiB",
              each and f"{each:.1f} KiB", each and each <= 16)


def workers(servers, figures, page, quick):
    many = 5000 if quick else 20000
    one, two = servers.facteur(workers=1), servers.facteur(workers=2)
    for _ in range(figures.rounds):
        for name, server in (("one", one), ("two", two)):
            figures.measure(f"{name} worker", run_own, servers, server, many, sessions=100)
    servers.stop(one)
    servers.stop(two)
    gain = ratio(figures.get("two worker"), figures.get("one worker"))
    page.add("### Two workers against one (4 KiB, 100 sessions)")
    page.table(["workers", "messages/s", "CPU µs/message"],
               [[n, number(figures.get(f"{n} worker")), number(figures.get(f"{n} worker", "cpu_us"))]
                for n in ("one", "two")])
    page.add(f"The gain is {number(gain, 2)}.  Generator and sink run on the same cores, so it is "
             "less than it would be with clients on other machines.", "")


def tls(servers, figures, page, quick):
    import bench_tls
    bench_tls.rows(servers, figures, page, quick)


GUESS_SECONDS, GUESS_RATE = 20, 50


def run_guessed(servers, server, guessing):
    """An open loop of mail for so long, with or without 200 connections that try wrong passwords."""
    guesser = None
    if guessing:
        guesser = subprocess.Popen(
            [sys.executable, HERE / "guess.py", "--to", f"127.0.0.1:{server.login_port}", "--connections",
             "200", "--tries", "20", "--seconds", str(GUESS_SECONDS + 2)], stdout=subprocess.PIPE, text=True)
        assert guesser.stdout.readline().strip() == "guessing"
        time.sleep(1)
    try:
        result = run_own(servers, server, GUESS_SECONDS * GUESS_RATE, sessions=200, rate=GUESS_RATE)
    finally:
        said = guesser.communicate(timeout=SINK_SECONDS)[0] if guesser else "0"
    return {"p50_us": result["p50_us"], "p99_us": result["p99_us"],
            "guesses": int(said or 0) / GUESS_SECONDS}


def guessed(servers, figures, page, quick):
    place = pathlib.Path(tempfile.mkdtemp(dir=servers.folder))
    place.chmod(0o711)
    port = servers.harness.free_port()
    cert, key = servers.harness.certificate(place, "pivot.test")
    server = servers.harness.Facteur(place, onward=servers.sink_port, workers=0, more=(
        f"limits {{ sessions 15000; sessions-per-client 15000; errors 1000 }}\n"
        f"tls {{ certificate {cert}; key {key} }}\n"
        f"listen submissions {{ on 127.0.0.1:{port}; tls implicit; login required }}\n"
        f"login {{ passwd-file users; tries 20 }}\n"))
    server.login_port = port
    for n, scheme in enumerate(("SCRAM-SHA-256", "YESCRYPT", "ARGON2ID", "SHA512-CRYPT")):
        server.cli("user", "set", f"user{n}", "--scheme", scheme, data="a password\n")
    servers.add(server.start())
    run_own(servers, server, 200, sessions=20)
    for _ in range(figures.rounds):
        figures.measure("facteur calm", run_guessed, servers, server, False)
        figures.measure("facteur guessed", run_guessed, servers, server, True)
    servers.stop(server)
    page.add(f"### Mail at {GUESS_RATE} a second, an open loop, while 200 connections guess passwords")
    page.table(["", "p50 ms until delivery", "p99 ms", "refused guesses a second"],
               [[title, number(scale(figures.get(n, "p50_us"), 1e-3), 2),
                 number(scale(figures.get(n, "p99_us"), 1e-3), 2), number(figures.get(n, "guesses"))]
                for title, n in (("without them", "facteur calm"), ("with them", "facteur guessed"))])
    page.add("They try as fast as they are answered, twenty times a connection, for twenty seconds; the "
             "guesser runs on the same cores.  The table has a hash of each scheme.", "")
    times = ratio(figures.get("facteur guessed", "p99_us"), figures.get("facteur calm", "p99_us"))
    page.goal("wrong passwords over 200 connections: p99 of other mail", "less than twice",
              times and f"{times:.2f} times", times and times < 2)


ROWS = {"small-20": small_20, "small-100": small_100, "several": several,
        "postfix-tools": postfix_tools, "latency": latency, "large": large, "idle": idle,
        "workers": workers, "tls": tls, "guessed": guessed}


def machine():
    cpu = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text()
                .splitlines() if line.startswith("model name")), platform.machine())
    version = subprocess.run(["postconf", "-d", "-h", "mail_version"], capture_output=True,
                             text=True).stdout.strip()
    return (f"{os.cpu_count()} cores ({cpu}), Linux {platform.release()}, Postfix {version} of Debian "
            f"with its defaults.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--write", type=pathlib.Path)
    options = parser.parse_args()

    build = options.build.resolve()
    os.environ["FACTEUR"] = str(build / "facteur")
    rounds = 3 if options.quick else 5
    folder = tempfile.mkdtemp(prefix="facteur-bench-", dir="/var/tmp")  # a disk, where /tmp may be none
    os.chmod(folder, 0o711)
    servers, figures, page = Servers(folder, build), Figures(rounds), Page()
    try:
        for name in options.only:
            say(f"=== {name}")
            try:
                ROWS[name](servers, figures, page, options.quick)
            finally:
                servers.stop_all()
    finally:
        subprocess.run([*servers.harness.SUPER, "rm", "-rf", folder], check=False)
        shutil.rmtree(folder, ignore_errors=True)

    text = render(page, figures, rounds, options.quick)
    say("\n" + text)
    if options.write:
        options.write.write_text(text)
    return 1 if figures.troubles else 0


def render(page, figures, rounds, quick):
    lines = ["# Bench", "", f"Written by `make bench`{' QUICK=1' if quick else ''} on "
             f"{time.strftime('%Y-%m-%d')}: {machine()}", "",
             f"Medians of {rounds} rounds; each round runs everything that is compared, in turn, with "
             "the queues on one disk.  The generator, the sink and the null relay are our own "
             "(`test/bench/`), built from the same SMTP machines; they run on the same cores as what "
             "they measure.  A rate counts until the last message is at the sink; the sink checks "
             "the number of each.  CPU is user and system time of all of a server's processes, the "
             "short-lived ones included.  Postfix logs to syslog, and nobody listens there; Facteur "
             "writes its log to a file.  It runs as many workers as it does by itself: one for every "
             "two cores.", "", "## What was wanted, and what came"]
    inner = Page()
    inner.table(["", "wanted", "measured", ""], page.goals)
    lines += inner.lines + ["## The rows", ""] + page.lines
    if figures.troubles:
        lines += ["### Runs without a result", ""] + [f"- {t}" for t in figures.troubles] + [""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.modules["bench"] = sys.modules["__main__"]  # for its parts
    sys.exit(main())
