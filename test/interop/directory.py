"""directory - PostgreSQL and OpenLDAP's slapd, each in a folder of its own, as Debian has them"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess

import harness

POSTGRES = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), default=None,
               key=lambda path: int(path.parent.name))
BASE = "dc=example,dc=test"


def as_user(user):
    """PostgreSQL does not run as root."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if os.geteuid() == 0 \
        else []


def family(pid):
    """A process and all that it has started; those of PostgreSQL have groups of their own."""
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid] + [other for child in children for other in family(int(child))]


class Frozen:
    """A server that is there and does nothing: SIGSTOP, for it and all of its children."""

    def __init__(self, daemon):
        self.daemon = daemon

    def __enter__(self):
        self.stopped = family(self.daemon.process.pid)
        for pid in self.stopped:
            os.kill(pid, signal.SIGSTOP)

    def __exit__(self, *_):
        for pid in self.stopped:
            os.kill(pid, signal.SIGCONT)


class Postgres(harness.Daemon):
    """One database, "postgres", of the user "postgres", over TCP."""

    def __init__(self, folder):
        self.dir = pathlib.Path(folder) / "postgres"
        self.port = harness.free_port()
        self.dir.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self.dir, "postgres", "postgres")
        self.run = as_user("postgres")
        subprocess.run([*self.run, POSTGRES / "initdb", "-D", self.dir / "data", "-U", "postgres",
                        "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"],
                       check=True, capture_output=True, cwd="/")
        super().__init__("postgres-output", folder, [
            *self.run, str(POSTGRES / "postgres"), "-D", str(self.dir / "data"), "-p",
            str(self.port), "-k", str(self.dir), "-c", "listen_addresses=127.0.0.1", "-c",
            "fsync=off"])

    @property
    def place(self):
        return f"host=127.0.0.1 port={self.port} dbname=postgres user=postgres"

    def start(self):
        self.launch()
        self.wait_until(lambda: self.sql("SELECT 1", check=False), "ready")
        return self

    def sql(self, text, check=True):
        done = subprocess.run([POSTGRES / "psql", "-X", "-q", self.place, "-c", text], check=check,
                              capture_output=True, cwd="/")
        return done.returncode == 0

    def stop(self):
        os.kill(self.process.pid, signal.SIGINT)  # without waiting for clients
        self.process.wait(harness.PATIENCE)


class Slapd(harness.Daemon):
    """A directory below dc=example,dc=test in memory-mapped files, over TCP."""

    def __init__(self, folder, people, tls=None):
        self.dir = pathlib.Path(folder) / "slapd"
        self.port = harness.free_port()
        (self.dir / "data").mkdir(parents=True)
        secure = f"TLSCertificateFile {tls[0]}\nTLSCertificateKeyFile {tls[1]}\n" if tls else ""
        (self.dir / "slapd.conf").write_text(f"""\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {self.dir}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
{secure}
database mdb
suffix "{BASE}"
rootdn "cn=admin,{BASE}"
rootpw secret
directory {self.dir}/data
maxsize 10485760
access to attrs=userPassword by anonymous auth
access to * by users read
""")
        entries = f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: x\ndc: example\n\n"
        for name, mails in people.items():
            entries += (f"dn: cn={name},{BASE}\nobjectClass: inetOrgPerson\ncn: {name}\nsn: {name}\n"
                        "userPassword: secret\n" + "".join(f"mail: {m}\n" for m in mails) + "\n")
        (self.dir / "entries.ldif").write_text(entries)
        subprocess.run(["/usr/sbin/slapadd", "-f", self.dir / "slapd.conf", "-l",
                        self.dir / "entries.ldif"], check=True, capture_output=True)
        super().__init__("slapd-output", folder, [
            "/usr/sbin/slapd", "-d", "0", "-f", str(self.dir / "slapd.conf"), "-h",
            f"ldap://127.0.0.1:{self.port}"])

    def start(self):
        self.launch()
        self.wait_until(lambda: harness.listening(self.port), "listening")
        return self

    def stop(self):
        self.terminate()


def deaf():
    """A port that takes connections and never says a word: the socket, and its number."""
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]
