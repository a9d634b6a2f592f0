"""bench_tls - what TLS costs a server: handshakes, and connections that stand idle

The clients are Python's: their own cost is not counted, only the CPU time and the memory of all of a
server's processes.  Both servers have the same certificate (P-256) and implicit TLS.
"""
import socket
import ssl
import threading
import time

import bench

CLIENTS = 4
IDLE = {"facteur": 2000, "postfix": bench.POSTFIX_PROCESSES}


def context(version):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.minimum_version = made.maximum_version = version
    return made


def start(servers, files):
    """The two servers, each with a port that begins with the handshake."""
    port = servers.harness.free_port()
    facteur = servers.facteur(more=f"tls {{ certificate {files[0]}; key {files[1]} }}\n"
                              f"listen implicit {{ on 127.0.0.1:{port}; tls implicit }}\n")
    facteur.tls_port = port
    postfix = servers.postfix(settings={
        "smtpd_tls_wrappermode": "yes", "smtpd_tls_security_level": "encrypt",
        "smtpd_tls_cert_file": files[0], "smtpd_tls_key_file": files[1]})
    postfix.tls_port = postfix.port
    return {"facteur": facteur, "postfix": postfix}


def connect(server, made, session=None):
    sock = socket.create_connection(("127.0.0.1", server.tls_port), 60)
    tls = made.wrap_socket(sock, server_hostname="bench.test", session=session)
    if not tls.recv(100).startswith(b"220"):  # the banner, and before it a ticket of TLS 1.3
        raise bench.Lost("no banner")
    return tls


def some(server, version, resumes, count, failures):
    made, session = context(version), None
    try:
        for _ in range(count):
            with connect(server, made, session) as tls:
                if resumes and session and not tls.session_reused:
                    raise bench.Lost("a session was not resumed")
                session = tls.session if resumes else None
                tls.sendall(b"QUIT\r\n")
    except (OSError, bench.Lost) as error:
        failures.append(error)


def handshakes(server, version, resumes, count):
    """Handshakes a second of the server's CPU time."""
    failures = []
    threads = [threading.Thread(target=some, args=(server, version, resumes, count // CLIENTS, failures))
               for _ in range(CLIENTS)]
    before = bench.cpu_seconds(server.process.pid)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise bench.Lost(str(failures[0]))
    time.sleep(bench.SETTLE)
    return {"rate": count / (bench.cpu_seconds(server.process.pid) - before)}


def hold(server, count):
    """Private octets that each idle connection costs, after EHLO."""
    made = context(ssl.TLSVersion.TLSv1_3)
    connect(server, made).close()  # what the first one costs is not each one's
    before = bench.private_octets(server.process.pid)
    standing = []
    for _ in range(count):
        standing.append(connect(server, made))
        standing[-1].sendall(b"EHLO bench.test\r\n")
        standing[-1].recv(1000)
    time.sleep(bench.SETTLE)
    after = bench.private_octets(server.process.pid)
    for tls in standing:
        tls.close()
    return {"octets": (after - before) / count}


KINDS = [("TLS 1.3, full", ssl.TLSVersion.TLSv1_3, False), ("TLS 1.3, resumed", ssl.TLSVersion.TLSv1_3, True),
         ("TLS 1.2, full", ssl.TLSVersion.TLSv1_2, False), ("TLS 1.2, resumed", ssl.TLSVersion.TLSv1_2, True)]


def rows(servers, figures, page, quick):
    files = servers.harness.certificate(servers.folder, "bench.test")
    for _ in range(figures.rounds):
        both = start(servers, files)
        for name, server in both.items():
            for kind, version, resumes in KINDS:
                figures.measure(f"{name} {kind}", handshakes, server, version, resumes, 400 if quick else 2000)
            figures.measure(f"{name} idle under TLS", hold, server, IDLE[name])
            servers.stop(server)
    page.add("### TLS", "", "Sessions with a handshake, a banner and QUIT, for each second of the server's "
             "CPU time; and private memory of a connection that is idle under TLS 1.3.")
    page.table(["", "Facteur", "Postfix"],
               [[kind + ", sessions a CPU second", *(bench.number(figures.get(f"{name} {kind}"))
                                                     for name in IDLE)] for kind, _, _ in KINDS] +
               [["idle, KiB each", *(bench.number(bench.scale(
                   figures.get(f"{name} idle under TLS", "octets"), 1 / bench.KIB), 1) for name in IDLE)]])
    each = bench.scale(figures.get("facteur idle under TLS", "octets"), 1 / bench.KIB)
    page.goal("an idle TLS connection: private memory", "at most 24 KiB", each and f"{each:.1f} KiB",
              each and each <= 24)
