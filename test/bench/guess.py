#!/usr/bin/env python3
"""guess - try wrong passwords over many connections, as fast as they are answered

    guess.py --to ADDRESS:PORT --connections N --tries N --seconds S

Implicit TLS.  A connection that has made its tries, or that is hung up on, is opened anew.  Names
are known and unknown ones in turn.  Prints "guessing" when it begins, then how many were answered.
"""
import argparse
import asyncio
import base64
import contextlib
import ssl
import time

answered = 0


async def reply(reader):
    while True:
        line = await reader.readuntil(b"\n")
        if line[3:4] != b"-":
            return line


async def session(options, context, number):
    global answered
    host, port = options.to.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname="x")
    try:
        await reply(reader)
        writer.write(b"EHLO guess.test\r\n")
        await reply(reader)
        for n in range(options.tries):
            name = b"user%d" % (n % 4) if n % 2 else b"nobody%d" % number
            writer.write(b"AUTH PLAIN " + base64.b64encode(b"\0" + name + b"\0wrong%d" % n) + b"\r\n")
            if not (await reply(reader)).startswith(b"535"):
                return
            answered += 1
    finally:
        writer.close()


async def guess(options, context, number, until):
    while time.monotonic() < until:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            await asyncio.wait_for(session(options, context, number), max(0.1, until - time.monotonic()))


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", required=True)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    until = time.monotonic() + options.seconds
    print("guessing", flush=True)
    await asyncio.gather(*(guess(options, context, n, until) for n in range(options.connections)))
    print(answered, flush=True)


asyncio.run(main())
