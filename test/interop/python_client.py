"""Talks to an echo server through a bridge with Python's websockets; prints one line per thing it found in order.

usage: python_client.py URL [CA_FILE]
"""

import asyncio
import hashlib
import os
import ssl
import sys

import websockets


async def main(url, ca_file=None):
    context = ssl.create_default_context(cafile=ca_file) if ca_file else None
    options = {"max_size": None, "compression": None, "ssl": context}

    async with websockets.connect(url, subprotocols=["binary"], **options) as client:
        print("subprotocol", client.subprotocol)
        data = os.urandom(3_000_000)
        received = bytearray()

        async def receive():
            while len(received) < len(data):
                message = await client.recv()
                assert isinstance(message, bytes), "a text message came"
                received.extend(message)

        receiver = asyncio.ensure_future(receive())
        for at in range(0, len(data), 50_000):
            await client.send(data[at : at + 50_000])
        await receiver
        assert hashlib.sha256(received).digest() == hashlib.sha256(data).digest(), "the bytes differ"
        print("echo", len(received))

        # An iterable is sent as a fragmented message.
        await client.send([b"frag", b"", b"ments"])
        parts = b""
        while len(parts) < 9:
            parts += await client.recv()
        print("fragments", parts.decode())

        await client.send("Grüße")
        text = b""
        while len(text) < len("Grüße".encode()):
            text += await client.recv()
        print("text", text.decode())

        await asyncio.wait_for(await client.ping(b"are you there"), 10)
        print("ping")

    print("closed", client.close_code)

    # The same with permessage-deflate offered: the bridge declines it.
    async with websockets.connect(url, ssl=context) as client:
        print("extensions", len(client.extensions))
        await client.send(b"plain")
        assert await client.recv() == b"plain"


asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), 25))
