"""nginx's mail proxy in front of us: it asks its own authority who comes, and tells us by XCLIENT or PROXY."""
import base64
import http.server
import re
import threading

import harness
import pytest
import smtp

CONFIG = """
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
daemon off;
worker_processes 1;
error_log {folder}/nginx.error info;
pid {folder}/nginx.pid;
events {{ worker_connections 100; }}
mail {{
    server_name nginx.test;
    smtp_capabilities 8BITMIME ENHANCEDSTATUSCODES "SIZE 1000000";
    proxy_timeout 30s;
    server {{ protocol smtp; listen 127.0.0.1:{xclient}; auth_http 127.0.0.1:{authority}/{pivot}; smtp_auth none; xclient on; }}
    server {{ protocol smtp; listen 127.0.0.1:{login}; auth_http 127.0.0.1:{authority}/{pivot}; smtp_auth plain; xclient on; }}
    server {{ protocol smtp; listen 127.0.0.1:{header}; auth_http 127.0.0.1:{authority}/{behind}; smtp_auth none; xclient off;
              proxy_protocol on; }}
}}
"""


class Authority(http.server.BaseHTTPRequestHandler):
    """The port that a client is handed on to is the path; one password is right."""

    def do_GET(self):
        wrong = self.headers["Auth-Method"] == "plain" and self.headers["Auth-Pass"] != "secret"
        self.send_response(200)
        self.send_header("Auth-Status", "Invalid login" if wrong else "OK")
        if wrong:
            self.send_header("Auth-Error-Code", "535 5.7.8")
        self.send_header("Auth-Server", "127.0.0.1")
        self.send_header("Auth-Port", self.path[1:])
        self.end_headers()

    def log_message(self, *_):
        pass


class Nginx(harness.Daemon):
    def __init__(self, folder, **ports):
        self.authority = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Authority)
        threading.Thread(target=self.authority.serve_forever, daemon=True).start()
        self.ports = {way: harness.free_port() for way in ("xclient", "login", "header")}
        config = f"{folder}/nginx.conf"
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(folder=folder, authority=self.authority.server_address[1], **self.ports, **ports))
        super().__init__("nginx", folder, [*harness.SUPER, "nginx", "-p", folder, "-c", config,
                                           "-e", f"{folder}/nginx.error"])

    def start(self):
        self.launch()
        self.wait_until(lambda: all(harness.listening(port) for port in self.ports.values()), "listening")
        return self

    def stop(self):
        self.terminate()
        self.authority.shutdown()
        self.authority.server_close()


@pytest.fixture
def nginx(place):
    """Facteur trusts 127.0.0.2 and nobody else; nginx comes from 127.0.0.1."""
    sink, behind = place.sink(), harness.free_port()
    facteur = place.facteur(sink.port, relay_for="127.0.0.2", files={"aliases": "postmaster: ada\n"}, more=f"""
xclient-hosts 127.0.0.1
listen behind {{ on 127.0.0.1:{behind}; tls off; proxy-protocol 127.0.0.1 }}
domain pivot.test {{ aliases aliases }}
mailbox ada@pivot.test {{ discard }}
""")
    made = place.keep(Nginx(place.folder, pivot=facteur.port, behind=behind)).start()
    made.facteur, made.sink = facteur, sink
    return made


def send(port, source, sender="a@client.test", password=None):
    """The first code that is no 2xx, or that of the message."""
    with smtp.Client(port, source=source) as client:
        client.hello()
        if password:
            token = base64.b64encode(b"\0ada@pivot.test\0" + password.encode()).decode()
            reply = client.say(f"AUTH PLAIN {token}")
            if reply.code != 235:
                return reply.code
        for line in (f"MAIL FROM:<{sender}>", "RCPT TO:<b@sink.test>"):
            reply = client.say(line)
            if reply.code != 250:
                return reply.code
        client.say("DATA", 354)
        client.send(smtp.stuffed(smtp.message()))
        return client.reply().code


@pytest.mark.parametrize("way, helo", [("xclient", b"client.test"), ("header", b"nginx.test")])
def test_the_real_client_is_known(nginx, way, helo):
    """By the header alone it is nginx that says EHLO."""
    assert send(nginx.ports[way], "127.0.0.2") == 250
    assert send(nginx.ports[way], "127.0.0.3") == 550
    (mail,) = nginx.sink.wait()
    assert re.match(rb"Received: from %s \(\[127\.0\.0\.2\]\)" % helo, mail.data), mail.data[:200]
    for client, accepted in (("127.0.0.2", "1"), ("127.0.0.3", "0")):
        nginx.facteur.event("session", client=client, through="127.0.0.1", accepted=accepted)
    assert nginx.facteur.event("refused", client="127.0.0.3")["status"] == "5.7.1"


def test_who_has_logged_in_there_has_logged_in(nginx):
    login = nginx.ports["login"]
    assert send(login, "127.0.0.4", "ada@pivot.test", "secret") == 250
    assert send(login, "127.0.0.4", "ada@pivot.test", "wrong") == 535
    assert send(login, "127.0.0.4", "eve@pivot.test", "secret") == 553  # not an address of ada's
    (mail,) = nginx.sink.wait()
    assert re.match(rb"Received: from client\.test \(\[127\.0\.0\.4\]\)", mail.data), mail.data[:200]
    assert b"with ESMTPA id" in mail.data
    nginx.facteur.event("session", client="127.0.0.4", through="127.0.0.1", login="ada@pivot.test", accepted="1")
