#!/usr/bin/python3
"""Records traffic of real software between two network namespaces of its own: the mix that packet benchmarks feed on.

usage: record_mix.py OUT.pcap [--suite DIR] [--rounds N]

Servers: nginx (HTTP and HTTPS), dnsmasq, Samba, Exim, sshd. Clients: curl, dig, smbclient, smtplib, ssh. Needs root and
`sh etc/install-packages.sh mix`. With --suite the Ethernet captures below that folder are added at the end. What was
recorded is printed by server port.
"""
import argparse
import collections
import email.message
import json
import os
import pathlib
import random
import shutil
import signal
import smtplib
import struct
import subprocess
import sys
import tempfile
import threading
import time

SERVER, CLIENT = "tocsin-mix-s", "tocsin-mix-c"
ADDRESS = "10.77.0.1"
NAMES = ("www.example.test", "static.example.test", "api.example.test", "mail.example.test", "files.example.test")
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
          "curl/7.88.1", "python-requests/2.31.0")
DOCUMENTS_MOST = 400
DOCUMENT_SIZES = (6_000, 95_000)
PORTS = {80: "HTTP", 443: "TLS", 53: "DNS", 445: "SMB", 25: "SMTP", 22: "SSH"}


def inside(namespace, *command):
    return ["ip", "netns", "exec", namespace, *map(str, command)]


def run(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, **options)


def make_network():
    for namespace in (SERVER, CLIENT):
        run("ip", "netns", "add", namespace)
        run(*inside(namespace, "ip", "link", "set", "lo", "up"))
    run("ip", "link", "add", "mix0", "netns", SERVER, "type", "veth", "peer", "name", "mix0", "netns", CLIENT)
    for namespace, address in ((SERVER, ADDRESS), (CLIENT, "10.77.1.1")):
        run(*inside(namespace, "ip", "address", "add", f"{address}/16", "dev", "mix0"))
        run(*inside(namespace, "ip", "link", "set", "mix0", "up"))
        # Packets as a wire would carry them: no segment larger than the MTU, and checksums that are right.
        run(*inside(namespace, "ethtool", "-K", "mix0", "tx", "off", "tso", "off", "gso", "off", "gro", "off"))


def drop_network():
    for namespace in (SERVER, CLIENT):
        subprocess.run(["ip", "netns", "del", namespace], check=False, capture_output=True)


def collect_documents(folder):
    """Pages, scripts, styles, pictures and texts of this host's packages, of the sizes that web pages are made of."""
    folder.mkdir()
    found = []
    for root in ("/usr/share/doc", "/usr/share", "/usr/lib/python3"):
        for path in sorted(pathlib.Path(root).rglob("*")):
            if path.suffix not in (".html", ".js", ".css", ".png", ".svg", ".json", ".txt", ".gz", ".py", ".xml"):
                continue
            if path.is_file() and not path.is_symlink() and DOCUMENT_SIZES[0] <= path.stat().st_size <= DOCUMENT_SIZES[1]:
                found.append(path)
    random.shuffle(found)
    names = []
    for number, path in enumerate(found[:DOCUMENTS_MOST]):
        names.append(f"item{number}{path.suffix}")
        shutil.copyfile(path, folder / names[-1])
    return names


def nginx_configuration(work):
    return f"""user root; worker_processes 1; pid {work}/nginx.pid; error_log {work}/nginx.err;
events {{ worker_connections 512; }}
http {{
  include /etc/nginx/mime.types; access_log off; gzip on; gzip_types text/plain text/css application/javascript application/json;
  client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fcgi;
  uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
  server {{
    listen {ADDRESS}:80; listen {ADDRESS}:443 ssl; root {work}/documents;
    ssl_certificate {work}/cert.pem; ssl_certificate_key {work}/key.pem;
    location /api/ {{ default_type application/json; return 200 '{{"state":"ok","items":[1,2,3],"session":"$request_id"}}'; }}
  }}
}}
"""


def samba_configuration(work):
    return f"""[global]
 interfaces = mix0
 bind interfaces only = yes
 smb ports = 445
 private dir = {work}/smb
 state directory = {work}/smb
 cache directory = {work}/smb
 lock directory = {work}/smb
 pid directory = {work}/smb
 ncalrpc dir = {work}/smb/ncalrpc
 log file = {work}/smb.log
 map to guest = Bad User
 guest account = nobody
 disable spoolss = yes
 load printers = no
[share]
 path = {work}/share
 guest ok = yes
 read only = no
 force user = root
"""


def exim_configuration(work):
    return f"""primary_hostname = mail.example.test
local_interfaces = {ADDRESS}
daemon_smtp_ports = 25
spool_directory = {work}/spool
log_file_path = {work}/exim-%slog
exim_user = root
exim_group = root
never_users =
acl_smtp_rcpt = accept
acl_smtp_data = discard
keep_environment =
begin acl
accept:
  accept
discard:
  discard
begin routers
drop:
  driver = redirect
  data = :blackhole:
"""


class Servers:
    def __init__(self, work):
        self.work = work
        self.processes = []

    def start(self, *command, **options):
        out = open(self.work / "servers.log", "ab")  # noqa: SIM115  (lives as long as the servers)
        self.processes.append(subprocess.Popen(inside(SERVER, *command), stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True, **options))

    def start_all(self):
        work = self.work
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=www.example.test", "-keyout", work / "key.pem", "-out", work / "cert.pem")
        (work / "nginx.conf").write_text(nginx_configuration(work))
        self.start("nginx", "-c", work / "nginx.conf", "-g", "daemon off;")
        self.start("dnsmasq", "-k", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", f"--listen-address={ADDRESS}", "--bind-interfaces",
                   f"--address=/test/{ADDRESS}", "--txt-record=example.test,v=spf1 -all", "--mx-host=example.test,mail.example.test,10", f"--pid-file={work}/dns.pid", "--user=root")
        for folder in ("smb", "share", "spool"):
            (work / folder).mkdir()
        (work / "smb.conf").write_text(samba_configuration(work))
        self.start("smbd", "-F", "--no-process-group", "-s", work / "smb.conf")
        (work / "exim.conf").write_text(exim_configuration(work))
        self.start("exim4", "-C", work / "exim.conf", "-bdf")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work / "host_key")
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        self.start("/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", work / "host_key", "-o", f"ListenAddress={ADDRESS}", "-o", f"PidFile={work}/sshd.pid")

    def wait(self):
        wanted = {port for port in PORTS if port != 53}
        for _ in range(100):
            listening = subprocess.run(inside(SERVER, "ss", "-Hltn"), capture_output=True, text=True, check=True).stdout
            if all(f":{port} " in listening for port in wanted):
                return
            time.sleep(0.1)
        raise RuntimeError(f"servers did not all start; listening:\n{listening}\n{(self.work / 'servers.log').read_text()[-2000:]}")

    def stop(self):
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                continue
        for process in self.processes:
            process.wait(timeout=20)


def browse(work, names, rounds):
    """One curl a page: a document and some of what it names, over one or two connections."""
    for page in range(rounds):
        secure = page % 8 == 0
        host = random.choice(NAMES[:3])
        lines = ["silent", "insecure", "parallel", "parallel-max = 2", "compressed", f'user-agent = "{random.choice(AGENTS)}"',
                 f'referer = "http://{host}/index.html?from={page}"', f'cookie = "session={random.randbytes(12).hex()}; theme=dark"',
                 'header = "Accept-Language: vi-VN,vi;q=0.9,en;q=0.8"']
        for name in NAMES[:3]:
            lines += [f'resolve = "{name}:80:{ADDRESS}"', f'resolve = "{name}:443:{ADDRESS}"']
        if page % 4 == 1:
            lines += [f'url = "http://{host}/api/login?try={page}"', f'data = "user=u{page}&password={random.randbytes(9).hex()}&remember=1"', 'output = "/dev/null"']
        else:
            for _ in range(random.randint(2, 7)):
                lines += [f'url = "{"https" if secure else "http"}://{host}/{random.choice(names)}?v={random.randint(1, 99)}"', 'output = "/dev/null"']
        subprocess.run(inside(CLIENT, "curl", "-q", "-K", "-"), input="\n".join(lines).encode(), check=False, capture_output=True, cwd=work)


def resolve(work, rounds):
    for part in range(rounds):
        questions = work / f"questions{part}"
        kinds = ("A", "A", "AAAA", "TXT", "MX")
        questions.write_text("".join(f"h{random.randint(1, 99999)}.{random.choice(NAMES)} {random.choice(kinds)}\n" for _ in range(100)))
        subprocess.run(inside(CLIENT, "dig", f"@{ADDRESS}", "+tries=1", "+time=1", "-f", questions), check=False, capture_output=True)


def share_files(work, rounds):
    for part in range(rounds):
        local = work / "documents"
        chosen = random.sample(sorted(p.name for p in local.iterdir()), 6)
        commands = ";".join(f"put {name} {name}.{part % 7}" for name in chosen[:3]) + ";ls;" + ";".join(f"get {name}.{part % 7} /dev/null" for name in chosen[:3])
        subprocess.run(inside(CLIENT, "smbclient", "-s", "/dev/null", "-N", f"//{ADDRESS}/share", "-c", commands), check=False, capture_output=True, cwd=local)


def send_mail(address, documents, messages):
    for number in range(messages):
        message = email.message.EmailMessage()
        message["From"], message["To"] = f"u{number}@example.test", "archive@example.test"
        message["Subject"] = f"Report {number}"
        message.set_content("The report of this hour is attached.\n" * random.randint(1, 40))
        path = random.choice(documents)
        message.add_attachment(path.read_bytes(), maintype="application", subtype="octet-stream", filename=path.name)
        with smtplib.SMTP(address, 25, local_hostname="client.example.test", timeout=10) as session:
            session.send_message(message)


def mail(work, rounds):
    subprocess.run(inside(CLIENT, sys.executable, __file__, "--mail-client", work / "documents", "--rounds", rounds), check=True)


def log_in(work, rounds):
    for _ in range(rounds):
        subprocess.run(inside(CLIENT, "ssh", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={work}/known",
                              f"nobody@{ADDRESS}", "true"), check=False, capture_output=True)


def frames_of(path):
    """(header bytes, frame) of a classic pcap with Ethernet frames; nothing for other files."""
    data = path.read_bytes()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}.get(data[:4])
    if order is None or len(data) < 24 or struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF != 1:
        return
    at = 24
    while at + 16 <= len(data):
        seconds, micros, size, wire = struct.unpack_from(order + "IIII", data, at)
        if at + 16 + size > len(data):
            return
        yield (seconds, micros, size, wire), data[at + 16:at + 16 + size]
        at += 16 + size


def port_of(frame):
    if len(frame) < 38 or frame[12:14] != b"\x08\x00" or frame[23] not in (6, 17):
        return None
    start = 14 + (frame[14] & 15) * 4
    ports = struct.unpack_from("!HH", frame, start) if len(frame) >= start + 4 else ()
    return next((port for port in ports if port in PORTS), None)


def add_suite(out, folder):
    """The suite's captures behind the recording, each an eighth of a second after the one before."""
    *_, (last, _) = frames_of(out)
    begin = last[0] + 1
    with out.open("ab") as file:
        for number, path in enumerate(sorted(folder.rglob("*.pcap"))):
            if path.stat().st_size > 2_000_000:
                continue
            first = None
            for (seconds, micros, size, wire), frame in frames_of(path):
                first = first if first is not None else seconds * 1_000_000 + micros
                since = max(0, seconds * 1_000_000 + micros - first) % 8_000_000 + number * 125_000
                file.write(struct.pack("<IIII", begin + since // 1_000_000, since % 1_000_000, size, wire) + frame)


def tell(path):
    packets, sizes, seen, flows = collections.Counter(), collections.Counter(), set(), 0
    for (_, _, _, wire), frame in frames_of(path):
        kind = PORTS.get(port_of(frame), "other")
        packets[kind] += 1
        sizes[kind] += wire
        if kind != "other":
            start = 14 + (frame[14] & 15) * 4
            ends = tuple(sorted(((frame[26:30], frame[start:start + 2]), (frame[30:34], frame[start + 2:start + 4]))))
            if (frame[23], ends) not in seen:
                seen.add((frame[23], ends))
                flows += 1
    total, count = sum(sizes.values()), sum(packets.values())
    print(json.dumps({"packets": count, "bytes": total, "mean": round(total / count, 1), "flows": flows,
                      "share": {kind: round(size / total, 3) for kind, size in sizes.most_common()}}))


def record(out, rounds, suite):
    random.seed(7)
    drop_network()
    with tempfile.TemporaryDirectory(prefix="tocsin-mix-") as folder:
        work = pathlib.Path(folder)
        work.chmod(0o755)
        servers = Servers(work)
        try:
            make_network()
            names = collect_documents(work / "documents")
            servers.start_all()
            servers.wait()
            dump = subprocess.Popen(inside(SERVER, "tcpdump", "-i", "mix0", "-s", "0", "-B", "65536", "-w", out, "-Z", "root"), stderr=subprocess.PIPE)
            time.sleep(1)
            jobs = [threading.Thread(target=target, args=arguments) for target, arguments in (
                (browse, (work, names, rounds)), (browse, (work, names, rounds)), (resolve, (work, max(1, rounds // 10))),
                (share_files, (work, max(1, rounds // 6))), (mail, (work, rounds)), (log_in, (work, max(1, rounds // 60))))]
            for job in jobs:
                job.start()
            for job in jobs:
                job.join()
            time.sleep(1)
            dump.send_signal(signal.SIGINT)
            print(dump.communicate(timeout=20)[1].decode(errors="replace").strip().replace("\n", "; "), file=sys.stderr)
        finally:
            servers.stop()
            drop_network()
    if suite:
        add_suite(out, suite)
    tell(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path, nargs="?")
    parser.add_argument("--suite", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=600)
    parser.add_argument("--mail-client", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.mail_client:
        send_mail(ADDRESS, sorted(options.mail_client.iterdir()), options.rounds)
        return 0
    if options.out is None:
        parser.error("where to write the recording?")
    if os.geteuid() != 0:
        print("record_mix.py makes network namespaces: run it as root", file=sys.stderr)
        return 1
    record(options.out.resolve(), options.rounds, options.suite)
    return 0


if __name__ == "__main__":
    sys.exit(main())
