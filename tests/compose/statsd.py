#!/usr/bin/env python3
"""statsd.py PORT: counts what arrives by StatsD on UDP, and tells it on TCP as StatsD's console does (`counters`)."""

import asyncio
import sys

counts = {}


class Receiver(asyncio.DatagramProtocol):
    def datagram_received(self, data, addr):
        for line in data.decode(errors="replace").splitlines():
            name, _, rest = line.partition(":")
            value, _, kind = rest.partition("|")
            if kind.startswith("c"):
                counts[name] = counts.get(name, 0) + float(value)


async def tell(reader, writer):
    while line := await reader.readline():
        if line.strip() == b"counters":
            writer.write(f"{counts}\nEND\n\n".encode())
            await writer.drain()
    writer.close()


async def main(port):
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Receiver, local_addr=("127.0.0.1", port))
    server = await asyncio.start_server(tell, "127.0.0.1", port)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
