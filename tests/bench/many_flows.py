#!/usr/bin/python3
"""Writes a capture of many connections that are all open at once, each with a request and an answer, none closed.

usage: many_flows.py OUT.pcap [--flows N]

What memory costs with that many flows: /usr/bin/time -v tocsin replay --rules DIR --workers 1 OUT.pcap
"""
import argparse
import pathlib
import struct

SERVER = bytes((10, 88, 0, 1))
START = 1_700_000_000
SYN, PSH, ACK = 2, 8, 16


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def frame(source, destination, ports, sequence, acknowledgement, flags, payload=b""):
    tcp = struct.pack("!HHIIBBHHH", *ports, sequence, acknowledgement, 5 << 4, flags, 64240, 0, 0)
    pseudo = source + destination + struct.pack("!BBH", 0, 6, len(tcp) + len(payload))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + payload)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp) + len(payload), 0, 0x4000, 64, 6, 0, source, destination)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0" + ip + tcp + payload


def connection(number):
    client = bytes((10, 99, number // 250 % 250, number % 250 + 1))
    ports, back = (20_000 + number // 62_500, 80), (80, 20_000 + number // 62_500)
    request = f"GET /item/{number} HTTP/1.1\r\nHost: shop.example.test\r\nUser-Agent: Mozilla/5.0\r\nCookie: id={number * 7919}\r\n\r\n".encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 400\r\n\r\n" + b"<p>item</p>\n" * 33 + b"    "
    asked, told = 1001 + len(request), 5001 + len(answer)
    yield frame(client, SERVER, ports, 1000, 0, SYN)
    yield frame(SERVER, client, back, 5000, 1001, SYN | ACK)
    yield frame(client, SERVER, ports, 1001, 5001, ACK)
    yield frame(client, SERVER, ports, 1001, 5001, ACK | PSH, request)
    yield frame(SERVER, client, back, 5001, asked, ACK | PSH, answer)
    yield frame(client, SERVER, ports, asked, told, ACK)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--flows", type=int, default=100_000)
    options = parser.parse_args()
    count = 0
    with options.out.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number in range(options.flows):
            for data in connection(number):
                micros = count * 20
                out.write(struct.pack("<IIII", START + micros // 1_000_000, micros % 1_000_000, len(data), len(data)) + data)
                count += 1
    print(f"{count} packets, {options.flows} connections")


if __name__ == "__main__":
    main()
