"""Writes small event logs (EVTX) for tests: binary XML without templates, one chunk per list of events.
Format: https://github.com/libyal/libevtx/blob/main/documentation/"""
import struct
import zlib

CHUNK = 65536


def name_hash(name):
    value = 0
    for char in name:
        value = (value * 65599 + ord(char)) & 0xFFFFFFFF
    return value & 0xFFFF


class Chunk:
    def __init__(self):
        self.body = bytearray()  # from 512 on
        self.records = []
        self.names = {}

    def place(self):
        return 512 + len(self.body)

    def add(self, number, filetime, element):
        start = len(self.body)
        self.body += struct.pack("<4sIQQ", b"**\0\0", 0, number, filetime)
        self.body += b"\x0f\x01\x01\x00"
        self.element(*element)
        self.body += b"\x00"
        self.body += b"\0" * (-(len(self.body) - start + 4) % 8)
        size = len(self.body) - start + 4
        self.body += struct.pack("<I", size)
        struct.pack_into("<I", self.body, start + 4, size)
        self.records.append((number, start))

    def name(self, text):
        """An offset; the name itself follows where it is new."""
        known = self.names.get(text)
        if known is not None:
            self.body += struct.pack("<I", known)
            return
        self.names[text] = self.place() + 4
        self.body += struct.pack("<IIHH", self.place() + 4, 0, name_hash(text), len(text))
        self.body += text.encode("utf-16-le") + b"\0\0"

    def value(self, text):
        units = text.encode("utf-16-le")
        self.body += struct.pack("<BBH", 0x05, 0x01, len(units) // 2) + units

    def element(self, name, attributes, content):
        """content: text, or a list of elements."""
        has = bool(attributes)
        self.body += struct.pack("<BHI", 0x41 if has else 0x01, 0xFFFF, 0)
        size_at = len(self.body) - 4
        self.name(name)
        if has:
            self.body += struct.pack("<I", 0)
            list_at = len(self.body) - 4
            last = len(attributes) - 1
            for i, (key, value) in enumerate(attributes.items()):
                self.body += struct.pack("<B", 0x06 if i == last else 0x46)
                self.name(key)
                self.value(value)
            struct.pack_into("<I", self.body, list_at, len(self.body) - list_at - 4)
        if content in ("", []):
            self.body += b"\x03"
        else:
            self.body += b"\x02"
            if isinstance(content, str):
                self.value(content)
            else:
                for child in content:
                    self.element(*child)
            self.body += b"\x04"
        struct.pack_into("<I", self.body, size_at, len(self.body) - size_at - 4)

    def bytes(self):
        first, last = self.records[0][0], self.records[-1][0]
        out = bytearray(CHUNK)
        assert len(self.body) <= CHUNK - 512
        out[512:512 + len(self.body)] = self.body
        struct.pack_into("<8sQQQQIII", out, 0, b"ElfChnk\0", first, last, first, last, 128,
                         512 + self.records[-1][1], 512 + len(self.body))
        struct.pack_into("<I", out, 52, zlib.crc32(bytes(self.body)))
        struct.pack_into("<I", out, 124, zlib.crc32(bytes(out[:120]) + bytes(out[128:512])))
        return bytes(out)


def event(event_id, record, data, channel="Security", computer="pc1.example", time="2024-02-01T10:00:00.0000000Z"):
    system = [("Provider", {"Name": "Test-Provider"}, ""), ("EventID", {}, str(event_id)),
              ("TimeCreated", {"SystemTime": time}, ""), ("EventRecordID", {}, str(record)),
              ("Channel", {}, channel), ("Computer", {}, computer)]
    return ("Event", {}, [("System", {}, system),
                          ("EventData", {}, [("Data", {"Name": k}, v) for k, v in data.items()])])


def log(chunks, dirty=False):
    """chunks: lists of (record number, element)."""
    header = bytearray(4096)
    struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, max(0, len(chunks) - 1), 1, 128, 1, 3, 4096, len(chunks))
    struct.pack_into("<I", header, 120, 1 if dirty else 0)
    struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
    out = bytes(header)
    for events in chunks:
        chunk = Chunk()
        for number, element in events:
            chunk.add(number, 133512984000000000 + number, element)
        out += chunk.bytes()
    return out
