"""sender - hand N messages to one server, whatever happens, and say which were taken

Runs inside of a network namespace: sender.py ADDRESS PORT COUNT NAME RECIPIENT [LOGIN PASSWORD]
With a login it speaks TLS, and logs in.  A message that heard no answer is sent again under another
name, so that a second copy is never this program's doing; the names that heard 250 are printed.
"""
import base64
import ssl
import sys
import time

import smtp


def open_session(address, login):
    client = smtp.Client(address)
    client.sock.settimeout(20)
    client.hello()
    if login:
        client.say("STARTTLS", 220)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client.sock = context.wrap_socket(client.sock)
        client.file = client.sock.makefile("rb")
        client.say("EHLO client.test", 250)
        client.say("AUTH PLAIN " + base64.b64encode("\0".join(["", *login]).encode()).decode(), 235)
    return client


def main():
    address, name, recipient = (sys.argv[1], int(sys.argv[2])), sys.argv[4], sys.argv[5]
    count, login, taken, tried, client = int(sys.argv[3]), sys.argv[6:], [], 0, None
    end = time.monotonic() + 240
    while len(taken) < count and time.monotonic() < end:
        tried += 1
        try:
            client = client or open_session(address, login)
            if client.mail("app@web.test", [recipient], smtp.message(f"{name}-{tried}")).code == 250:
                taken.append(f"{name}-{tried}")
            if tried % 50 == 0:
                client.close()
                client = None
        except (OSError, EOFError, AssertionError):
            client = None
            time.sleep(0.2)
    print("\n".join(taken))


main()
