"""harness - start Facteur and its real neighbours, each in a folder of its own, and stop them

Nothing outside the folder is touched: no /etc, no fixed port, no service of the machine.  Whatever a
daemon prints goes to a file, because one that inherits a pipe keeps the test waiting for its end.
"""
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time

PATIENCE = 30
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FACTEUR = os.environ.get("FACTEUR", str(ROOT / "build-san" / "facteur"))
VECTORS = ROOT / "test" / "vectors"
SERVER_USER = "nobody"
SUPER = [] if os.geteuid() == 0 else ["sudo", "-n"]  # Postfix and Dovecot start as root only

taken_ports = set()


# Files of tests run side by side (pytest-xdist): each worker has ports of its own, below those that
# the kernel gives to clients.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
PORTS = itertools.cycle(range(10000 + WORKER % 4 * 5000, 15000 + WORKER % 4 * 5000))
for _ in range(random.randrange(5000)):
    next(PORTS)  # who runs the same tests beside us begins elsewhere


def free_port():
    for port in PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in taken_ports:
            taken_ports.add(port)
            return port


def free_port_everywhere(addresses):
    """A port that is free at each of several loopback addresses."""
    while True:
        port = free_port()
        try:
            for address in addresses:
                with socket.socket() as probe:
                    probe.bind((address, port))
            return port
        except OSError:
            continue


def wait_for(condition, what, seconds=PATIENCE):
    """Wait until condition() gives something true, and return that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.01)


def listening(address):
    """A port of ours, a host and a port, or the path of a socket."""
    try:
        if isinstance(address, pathlib.Path):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(address))
                return True
        if isinstance(address, int):
            address = ("127.0.0.1", address)
        with socket.create_connection(address, 1):
            return True
    except OSError:
        return False


class Daemon:
    """A process in the foreground, its output in a file."""

    def __init__(self, name, folder, command, environment=None):
        self.name, self.command, self.environment = name, command, environment
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        self.process = None

    def launch(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(self.environment or {})}, start_new_session=True)

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_until(self, condition, what, seconds=PATIENCE):
        def check():
            code = self.process.poll()
            assert code is None, f"{self.name} ended with {code} before {what}:\n{self.log[-3000:]}"
            return condition()
        return wait_for(check, f"{self.name}: {what}", seconds)

    def terminate(self):
        """SIGTERM; the exit code."""
        if SUPER and self.command[:1] == SUPER[:1]:
            subprocess.run([*SUPER, "kill", str(self.process.pid)], check=False)
        else:
            self.process.terminate()
        return self.process.wait(PATIENCE)

    def destroy(self):
        if self.process and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except PermissionError:
                subprocess.run([*SUPER, "kill", "-9", "--", f"-{self.process.pid}"], check=False)
            self.process.wait(PATIENCE)


def ended_well(text, tries_walls=False):
    """No sanitizer has spoken, no assertion has failed, no wall was run into."""
    for sign in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
                 "WARNING: ThreadSanitizer", "Assertion `", *([] if tries_walls else ["sandbox-refused"])):
        at = text.find(sign)
        assert at < 0, text[at:at + 4000]


class Facteur(Daemon):
    """The daemon under test, with its configuration in folder/conf.d.

    The configuration is the least that works (doc/, "The least"), and more of the test's own.
    """
    tries_walls = False  # the test has it run into its walls
    enter = []  # what the program is started by: a way into another namespace

    def __init__(self, folder, onward=None, more="", listen=True, files=None, resolver="zone zone.txt",
                 zone="", hostname="pivot.test", relay_for="127.0.0.1", workers=2):
        self.dir = pathlib.Path(folder) / "facteur"
        self.port = free_port()
        (self.dir / "conf.d").mkdir(parents=True)
        self.write("zone.txt", zone)
        for name, text in (files or {}).items():
            self.write(name, text)
        text = [f"hostname {hostname}", "directories { spool spool; state state; run run }",
                f"resolver {{ {resolver} }}", f"workers {workers}"]
        if not SUPER:
            text.append(f"user {SERVER_USER}")  # root starts it, and it gives root's rights away
        if relay_for:
            text.append(f"relay-for {relay_for}")
        if listen:
            text.append(f"listen mx {{ on 127.0.0.1:{self.port}; tls off }}")
        if onward:
            text += [f"transport onward {{ smtp 127.0.0.1:{onward} }}", "route * { transport onward }"]
        self.write("conf.d/10-least.conf", "\n".join(text) + "\n")
        if more:
            self.write("conf.d/20-more.conf", more)
        super().__init__("run", self.dir, [FACTEUR, "run", "-c", str(self.dir)])

    def write(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def folder(self, name):
        """A folder that the server may write in."""
        path = self.dir / name
        path.mkdir()
        if not SUPER:
            shutil.chown(path, SERVER_USER)
        return path

    def cli(self, *words, code=0, data=None):
        """Run a command; its standard output.  The exit code must be code."""
        result = subprocess.run([*self.enter, FACTEUR, *words[:1], "-c", str(self.dir), *words[1:]],
                                capture_output=True, text=True, input=data, timeout=PATIENCE * 2)
        ended_well(result.stderr)
        assert result.returncode == code, \
            f"facteur {' '.join(words)}: {result.returncode}\n{result.stdout}{result.stderr}"
        return result.stdout + (result.stderr if code else "")

    def json(self, *words, code=0):
        return json.loads(self.cli(*words, "--json", code=code))

    def start(self, compile_first=True):
        if compile_first:
            self.cli("compile")
        seen = len(self.log)
        self.launch()
        self.wait_until(lambda: re.search(r"(?<![-\w])ready\b", self.log[seen:]), "ready")  # not dovecot-ready
        return self

    def events(self, name):
        """The records of one event, as dictionaries."""
        found = []
        for line in self.log.splitlines():
            words = re.findall(r'(\w+)=("(?:\\.|[^"\\])*"|\S*)', line)
            event, is_data, _ = line.partition("=")
            if is_data:
                event = event.rpartition(" ")[0]  # without the first key, which may be the name of an event
            if re.search(rf"(^|\s){name}$", event):
                found.append({k: v.strip('"') for k, v in words})
        return found

    def event(self, name, **like):
        """The first record of one event, or of those with these words.  A record is written a moment
        after the reply that it is about has left: it is waited for."""
        def found():
            return [e for e in self.events(name) if all(e.get(k) == v for k, v in like.items())]
        return self.wait_until(found, f"the event {name} {like}")[0]

    def told(self, name, count):
        """The records of one event, when there are so many."""
        return self.wait_until(lambda: self.events(name)[count - 1:] and self.events(name),
                               f"{count} events {name}")

    def queue(self):
        return self.json("queue", "list")

    def reasons(self):
        """Why recipients wait: the enhanced status of each that has one."""
        return [rcpt["reason"]["status"] for entry in self.queue() for rcpt in entry["recipients"]
                if "reason" in rcpt]

    def wait_reason(self, status, seconds=PATIENCE):
        wait_for(lambda: status in self.reasons(), f"{status} in the queue", seconds)

    def wait_empty(self, seconds=PATIENCE):
        wait_for(lambda: not self.queue(), "an empty queue", seconds)

    def process_of(self, name):
        """The pid of one of the parent's processes (mail, courier, ...), or None."""
        parent = self.process.pid
        try:
            children = pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            return next((int(pid) for pid in children if pathlib.Path(
                f"/proc/{pid}/comm").read_text().strip() == f"facteur-{name}"), None)
        except FileNotFoundError:
            return None

    def stop(self):
        code = self.terminate()
        ended_well(self.log, self.tries_walls)
        assert code == 0, f"facteur run: exit code {code}\n{self.log[-3000:]}"

    def kill(self):
        """As the power does it: every process of it, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


class Postfix(Daemon):
    """Debian's Postfix with its defaults, but for its folder, its ports and its next hop."""

    SERVICES = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

    def __init__(self, folder, next_hop, name="postfix", settings=None):
        self.dir = pathlib.Path(folder) / name
        self.port = free_port()
        (self.dir / "etc").mkdir(parents=True)
        for sub in ("queue", "data"):
            (self.dir / sub).mkdir()
        subprocess.run([*SUPER, "chown", "postfix", str(self.dir / "data")], check=True)
        subprocess.run([*SUPER, "chown", "root", str(self.dir / "queue"), str(self.dir / "etc")],
                       check=True)
        main = {
            "compatibility_level": "3.6",
            "queue_directory": self.dir / "queue",
            "data_directory": self.dir / "data",
            "command_directory": "/usr/sbin",
            "daemon_directory": "/usr/lib/postfix/sbin",
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "myhostname": f"{name}.test",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "relayhost": f"[127.0.0.1]:{next_hop}",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "smtputf8_enable": "yes",
            "alias_maps": "",
            "alias_database": "",
            "maillog_file": self.dir / "maillog",
            "maillog_file_prefixes": self.dir,
            **(settings or {}),
        }
        self.write("main.cf", "".join(f"{k} = {v}\n" for k, v in main.items()))
        self.write("master.cf", f"127.0.0.1:{self.port} inet n - n - - smtpd\n" + self.SERVICES)
        super().__init__(name, folder, [*SUPER, "postfix", "-c", str(self.dir / "etc"), "start-fg"])

    def write(self, name, text):
        subprocess.run([*SUPER, "tee", str(self.dir / "etc" / name)], input=text, text=True,
                       stdout=subprocess.DEVNULL, check=True)

    @property
    def maillog(self):
        path = self.dir / "maillog"
        return subprocess.run([*SUPER, "cat", str(path)], capture_output=True, text=True).stdout

    def start(self):
        self.launch()
        self.wait_until(lambda: listening(self.port), "listening")
        return self

    def stop(self):
        subprocess.run([*SUPER, "postfix", "-c", str(self.dir / "etc"), "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        self.process.wait(PATIENCE)


class Dovecot(Daemon):
    """Dovecot as an LMTP server on a unix socket, delivering into Maildir as one user, and as who
    knows passwords: users may be a dictionary of those, as fields of a passwd-file."""

    def __init__(self, folder, users):
        self.dir = pathlib.Path(folder) / "dovecot"
        self.mail = self.dir / "mail"
        self.socket, self.auth = self.dir / "lmtp", self.dir / "auth-client"
        passwords = users if isinstance(users, dict) else {}
        self.mail.mkdir(parents=True)
        owner = "nobody" if not SUPER else str(os.getuid())
        number, group = (65534, 65534) if not SUPER else (os.getuid(), os.getgid())
        subprocess.run([*SUPER, "chown", owner, str(self.mail)], check=True)
        (self.dir / "users").write_text("".join(
            f"{user}:{passwords.get(user, '')}:{number}:{group}::{self.mail}/{user}::\n"
            for user in users))
        (self.dir / "dovecot.conf").write_text(f"""\
protocols = lmtp
base_dir = {self.dir}/run
state_dir = {self.dir}/run
log_path = {self.dir}/dovecot.log
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
auth_username_format = %Ln
auth_mechanisms = plain login scram-sha-256
mail_location = maildir:~/Maildir
postmaster_address = postmaster@dovecot.test
hostname = dovecot.test
passdb {{
  driver = passwd-file
  args = {self.dir}/users
}}
userdb {{
  driver = passwd-file
  args = {self.dir}/users
}}
service lmtp {{
  unix_listener {self.socket} {{
    mode = 0666
  }}
}}
service auth {{
  unix_listener {self.auth} {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
""")
        super().__init__("dovecot-output", folder,
                         [*SUPER, "dovecot", "-F", "-c", str(self.dir / "dovecot.conf")])

    def start(self):
        self.launch()
        self.wait_until(lambda: listening(self.socket), "listening")
        return self

    def stop(self):
        self.terminate()

    def box(self, user):
        """The messages of one user, as bytes."""
        folder = self.mail / user / "Maildir" / "new"
        names = subprocess.run([*SUPER, "find", str(folder), "-type", "f"], capture_output=True,
                               text=True).stdout.split()
        return [subprocess.run([*SUPER, "cat", name], capture_output=True).stdout
                for name in sorted(names)]


class Nsd(Daemon):
    """An authoritative server for one zone."""

    def __init__(self, folder, zone, records):
        self.dir = pathlib.Path(folder) / "nsd"
        self.dir.mkdir(parents=True)
        self.port = free_port()
        (self.dir / "zone").write_text(
            f"$ORIGIN {zone}.\n$TTL 60\n@ SOA ns.{zone}. root.{zone}. 1 60 60 60 60\n@ NS ns.{zone}.\n"
            f"ns A 127.0.0.1\n{records}")
        (self.dir / "nsd.conf").write_text(f"""\
server:
  ip-address: 127.0.0.1@{self.port}
  username: ""
  chroot: ""
  zonesdir: "{self.dir}"
  database: ""
  pidfile: "{self.dir}/pid"
  xfrdfile: "{self.dir}/xfrd"
  xfrdir: "{self.dir}"
  zonelistfile: "{self.dir}/list"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: {zone}
  zonefile: zone
""")
        super().__init__("nsd", folder, ["nsd", "-d", "-c", str(self.dir / "nsd.conf")])

    def start(self):
        self.launch()
        self.wait_until(lambda: listening(self.port), "listening")
        return self

    def stop(self):
        self.terminate()


def swaks(port, *words, code=0):
    """Run swaks; what it printed."""
    result = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(port), *words],
                            capture_output=True, text=True, timeout=PATIENCE * 2)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout


def certificate(folder, name="sink.test"):
    """A self-signed certificate: its two files."""
    folder = pathlib.Path(folder)
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-subj", f"/CN={name}", "-days", "30", "-out", str(cert), "-keyout",
                    str(key)], check=True, capture_output=True)
    return cert, key


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.file, self.key = certificate(folder, "authority.test")

    def sign(self, name, days=30):
        """A certificate for a name: its two files."""
        base = self.folder / f"signed-{name}"
        run = {"check": True, "capture_output": True}
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", f"/CN={name}", "-keyout", f"{base}.key", "-out", f"{base}.csr"], **run)
        pathlib.Path(f"{base}.ext").write_text(f"subjectAltName=DNS:{name}\n")
        subprocess.run(["openssl", "x509", "-req", "-in", f"{base}.csr", "-CA", str(self.file), "-CAkey",
                        str(self.key), "-CAcreateserial", "-days", str(days), "-extfile", f"{base}.ext",
                        "-out", f"{base}.pem"], **run)
        return f"{base}.pem", f"{base}.key"


def have(*programs):
    """Are these programs on the machine?  /usr/sbin is not in everybody's PATH."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return all(shutil.which(program, path=path) for program in programs)


os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
