"""Linux hosts: audit records, Sysmon for Linux, the system log."""
import ipaddress
from xml.sax.saxutils import escape

from . import EPOCH, KEYWORDS, NoPlace, register, source, text

SYSLOG = "May  1 10:00:00 web1"
CALLS = {"execve": 59, "connect": 42, "openat": 257, "sysinfo": 99, "personality": 135, "syslog": 103, "mknod": 133,
         "memfd_create": 319, "setuid": 105, "ptrace": 101, "chmod": 90, "unlink": 87, "rename": 82, "kill": 62,
         "init_module": 175, "finit_module": 313, "delete_module": 176, "mount": 165, "bpf": 321, "mkdir": 83, "socket": 41, "splice": 275, "clone": 56, "unshare": 272, "setns": 308, "process_vm_writev": 311,
         "sendto": 44, "bind": 49, "listen": 50, "accept": 43, "open": 2, "creat": 85, "fchmodat": 268, "unlinkat": 263,
         "renameat": 264, "adjtimex": 159, "settimeofday": 164, "clock_settime": 227, "sethostname": 170, "reboot": 169,
         "umount2": 166, "swapon": 167, "keyctl": 250, "io_uring_setup": 425, "userfaultfd": 323, "perf_event_open": 298}


def audit_value(value):
    value = str(value)
    plain = value and all(0x21 <= ord(c) <= 0x7e and c != '"' for c in value)
    return f'"{value}"' if plain else value.encode().hex().upper() if value else '""'


def record(kind, body, serial=501, enriched=""):
    tail = f"\x1d{enriched}" if enriched else ""
    return f"type={kind} msg=audit({EPOCH}.123:{serial}): {body}{tail}"


def syscall(call, serial=501, pid=4100, ppid=4000, exe="/usr/bin/probe", comm=None, **more):
    number = CALLS.get(call)
    if number is None:
        raise NoPlace(f"system call {call}")
    args = {name: more.pop(name, default) for name, default in
            (("a0", "55d0c8a3"), ("a1", "55d0c8b4"), ("a2", "55d0c8c5"), ("a3", "8"))}
    own = {"auid": "1000", "uid": "0", "gid": "0", "euid": "0", "suid": "0", "fsuid": "0", "egid": "0", "sgid": "0",
           "fsgid": "0", "tty": "pts0", "ses": "3"}
    user = more.pop("user", "root")
    key = more.pop("key", None)
    own |= more
    comm = comm if comm is not None else exe.rsplit("/", 1)[-1][:15]
    body = (f"arch=c000003e syscall={number} success=yes exit=0 " + " ".join(f"{k}={v}" for k, v in args.items())
            + f" items=2 ppid={ppid} pid={pid} " + " ".join(f"{k}={v}" for k, v in own.items())
            + f" comm={audit_value(comm)} exe={audit_value(exe)} subj=unconfined"
            + f" key={audit_value(key) if key else '(null)'}")
    return record("SYSCALL", body, serial,
                  f'ARCH=x86_64 SYSCALL={call} AUID="alice" UID="{user}" GID="root" EUID="{user}" SUID="{user}"')


def execve(arguments, serial=501):
    return record("EXECVE", f"argc={len(arguments)} "
                  + " ".join(f"a{n}={audit_value(a)}" for n, a in enumerate(arguments)), serial)


def execution(serial, pid, ppid, image, command, folder="/srv", **more):
    arguments = command.split(" ")
    return [syscall("execve", serial, pid, ppid, image, **more), execve(arguments, serial),
            record("CWD", f"cwd={audit_value(folder)}", serial),
            record("PATH", f"item=0 name={audit_value(image)} inode=77 dev=fd:00 mode=0100755 ouid=0 ogid=0 "
                   "rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0", serial),
            record("PROCTITLE", "proctitle=" + command.replace(" ", "\0").encode().hex().upper(), serial),
            record("EOE", "", serial)]


PROCESS = source("linux", "process_creation")
PROCESS_FIELDS = ("CommandLine", "Image", "ParentImage", "ParentCommandLine", "CurrentDirectory", "User", "LogonId")


@register(PROCESS, "auditd", PROCESS_FIELDS, path="/var/log/audit/audit.log")
def process_auditd(event):
    lines = []
    if "ParentImage" in event or "ParentCommandLine" in event:
        image = event.get("ParentImage", "/usr/bin/parent")
        lines += execution(500, 4000, 1, image, event.get("ParentCommandLine", "parent"))
    more = {}
    if "LogonId" in event:
        system = str(event["LogonId"]) == "0"
        more = {"auid": "4294967295" if system else event["LogonId"], "ses": "4294967295"}
    image = event.get("Image", "/usr/bin/probe")
    if not image.startswith("/"):
        raise NoPlace(f"an executable that is not a path: {image}")
    return lines + execution(501, 4100, 4000, image, event.get("CommandLine", "probe"),
                             event.get("CurrentDirectory", "/srv"), user=event.get("User", "root"), **more)


def sysmon(number, data):
    pairs = "".join(f'<Data Name="{name}">{escape(str(value))}</Data>' for name, value in data.items())
    return [f'{SYSLOG} sysmon: <Event><System><Provider Name="Linux-Sysmon" '
            'Guid="{ff032593-a8d3-4f13-b0d6-01fc615a0f97}"/>'
            f"<EventID>{number}</EventID><Version>5</Version><Level>4</Level><Task>{number}</Task><Opcode>0</Opcode>"
            '<Keywords>0x8000000000000000</Keywords><TimeCreated SystemTime="2024-05-01T10:00:00.123456000Z"/>'
            '<EventRecordID>9</EventRecordID><Correlation/><Execution ProcessID="811" ThreadID="811"/>'
            "<Channel>Linux-Sysmon/Operational</Channel><Computer>web1</Computer>"
            f'<Security UserId="0"/></System><EventData>{pairs}</EventData></Event>']


@register(PROCESS, "Sysmon for Linux", PROCESS_FIELDS, path="/var/log/syslog")
def process_sysmon(event):
    plain(event)
    data = {"RuleName": "-", "UtcTime": "2024-05-01 10:00:00.123",
            "ProcessGuid": "{aa0ecc23-1234-6632-5555-000000000000}", "ProcessId": 4100, "Image": "/usr/bin/probe",
            "FileVersion": "-", "Description": "-", "Product": "-", "Company": "-", "OriginalFileName": "-",
            "CommandLine": "probe", "CurrentDirectory": "/srv", "User": "root",
            "LogonGuid": "{aa0ecc23-0000-0000-0000-000000000000}", "LogonId": 1000, "TerminalSessionId": 3,
            "IntegrityLevel": "no level", "Hashes": "-", "ParentProcessGuid": "{aa0ecc23-1234-6632-5555-000000000001}",
            "ParentProcessId": 4000, "ParentImage": "/usr/bin/parent", "ParentCommandLine": "parent",
            "ParentUser": "root"}
    return sysmon(1, data | event)


def plain(event):
    for name, value in event.items():
        if any(ord(c) < 0x20 for c in str(value)):
            raise NoPlace(f"control characters in {name}")


FILE = source("linux", "file_event")


@register(FILE, "auditd", ("TargetFilename", "Image", "User"), path="/var/log/audit/audit.log")
def file_auditd(event):
    path = event.get("TargetFilename", "/srv/probe")
    if not path.startswith("/"):
        raise NoPlace(f"a file that is not a path: {path}")
    return [syscall("openat", exe=event.get("Image", "/usr/bin/probe"), user=event.get("User", "root")),
            record("CWD", 'cwd="/srv"'),
            record("PATH", f"item=0 name={audit_value(path.rsplit('/', 1)[0] + '/')} inode=76 dev=fd:00 mode=040755 "
                   "ouid=0 ogid=0 rdev=00:00 nametype=PARENT"),
            record("PATH", f"item=1 name={audit_value(path)} inode=77 dev=fd:00 mode=0100644 ouid=0 ogid=0 "
                   "rdev=00:00 nametype=CREATE"),
            record("PROCTITLE", 'proctitle="probe"'), record("EOE", "")]


@register(FILE, "Sysmon for Linux", ("TargetFilename", "Image", "User"), path="/var/log/syslog")
def file_sysmon(event):
    plain(event)
    return sysmon(11, {"RuleName": "-", "UtcTime": "2024-05-01 10:00:00.123",
                       "ProcessGuid": "{aa0ecc23-1234-6632-5555-000000000000}", "ProcessId": 4100,
                       "Image": "/usr/bin/probe", "TargetFilename": "/srv/probe",
                       "CreationUtcTime": "2024-05-01 10:00:00.123", "User": "root"} | event)


CONNECTION = source("linux", "network_connection")


@register(CONNECTION, "auditd", ("DestinationIp", "DestinationPort", "Image", "Initiated", "User"),
          path="/var/log/audit/audit.log")
def connection_auditd(event):
    if str(event.get("Initiated", "true")).lower() != "true":
        raise NoPlace("a connection from outside")
    address = ipaddress.ip_address(event.get("DestinationIp", "198.51.100.7"))
    port = int(event.get("DestinationPort", 4000))
    if address.version == 4:
        saddr = f"0200{port:04X}{address.packed.hex().upper()}" + "0" * 16
    else:
        saddr = f"0A00{port:04X}00000000{address.packed.hex().upper()}00000000"
    return [syscall("connect", exe=event.get("Image", "/usr/bin/probe"), user=event.get("User", "root")),
            record("SOCKADDR", f"saddr={saddr}"), record("PROCTITLE", 'proctitle="probe"'), record("EOE", "")]


@register(CONNECTION, "Sysmon for Linux", path="/var/log/syslog")
def connection_sysmon(event):
    return sysmon(3, {"RuleName": "-", "UtcTime": "2024-05-01 10:00:00.123",
                      "ProcessGuid": "{aa0ecc23-1234-6632-5555-000000000000}", "ProcessId": 4100,
                      "Image": "/usr/bin/probe", "User": "root", "Protocol": "tcp", "Initiated": "true",
                      "SourceIsIpv6": "false", "SourceIp": "192.0.2.4", "SourceHostname": "-", "SourcePort": 40112,
                      "SourcePortName": "-", "DestinationIsIpv6": "false", "DestinationIp": "198.51.100.7",
                      "DestinationHostname": "-", "DestinationPort": 4000, "DestinationPortName": "-"} | event)


AUDITD = source("linux", "", "auditd")


@register(AUDITD, "auditd", path="/var/log/audit/audit.log")
def auditd(event):
    event = dict(event)
    words = event.pop(KEYWORDS, "")
    kind = str(event.pop("type", "SYSCALL" if words == "" else "EXECVE")).upper()
    if kind == "EXECVE":
        return audit_execve(event, words)
    if kind == "SYSCALL":
        call = event.pop("SYSCALL", "execve")
        wanted = {"exe", "comm", "key", "euid", "uid", "auid", "a0", "a1", "a2", "a3", "tty", "ses"}
        refuse(event, wanted)
        if words:
            event["exe"] = words
        return [syscall(str(call), **{k: str(v) for k, v in event.items()})]
    if kind == "PATH":
        refuse(event, {"name", "nametype"})
        name = words or event.get("name", "/srv/probe")
        return [syscall("openat"), record("CWD", 'cwd="/srv"'),
                record("PATH", f"item=0 name={audit_value(name)} inode=77 dev=fd:00 mode=0100644 ouid=0 "
                       f"ogid=0 rdev=00:00 nametype={event.get('nametype', 'NORMAL')}")]
    if kind in ("TTY", "USER_TTY"):
        refuse(event, {"comm"})
        return [record(kind, "tty pid=4100 uid=0 auid=1000 ses=3 major=136 minor=0 comm="
                       f"{audit_value(event.get('comm', 'bash'))} data={(words + chr(10)).encode().hex().upper()}")]
    if kind.startswith("SERVICE_"):
        refuse(event, {"unit"})
        return [record(kind, f"pid=1 uid=0 auid=4294967295 ses=4294967295 subj=unconfined msg='unit="
                       f"{event.get('unit', 'probe')} comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" hostname=? "
                       "addr=? terminal=? res=success'")]
    refuse(event, {"exe", "comm"})
    return [record(kind, "pid=4100 uid=0 auid=1000 ses=3 subj=unconfined msg='op=probe id=1005 exe="
                   f"{audit_value(event.get('exe', '/usr/sbin/useradd'))} hostname=web1 addr=? terminal=pts/0 "
                   f"res=success {words}'")]


def refuse(event, known):
    for name in event:
        if name not in known:
            raise NoPlace(name)


def audit_execve(event, words):
    places = {int(name[1:]): str(value) for name, value in event.items() if name[:1] == "a" and name[1:].isdigit()}
    others = {k: str(v) for k, v in event.items() if not (k[:1] == "a" and k[1:].isdigit())}
    refuse(others, {"exe", "comm", "key", "euid"})
    arguments = [places.get(n, "probe") for n in range(max(places, default=0) + 1)]
    if words:
        arguments.append(words)
    return [syscall("execve", **others), execve(arguments), record("EOE", "")]


# The system log: text in lines of the program that writes it.

LINUX = source("linux")


@register(LINUX, "syslog", (KEYWORDS,), path="/var/log/syslog")
def linux_text(event):
    return [f"{SYSLOG} bash[4100]: alice: {text(event)}"]


@register(LINUX, "auditd", (KEYWORDS,), path="/var/log/audit/audit.log")
def linux_command(event):
    arguments = ["sh", "-c", text(event)]
    return [syscall("execve", exe="/bin/sh"), execve(arguments), record("EOE", "")]


@register(source("linux", "", "syslog"), "syslog", (KEYWORDS,), path="/var/log/syslog")
def syslog_text(event):
    return [f"{SYSLOG} systemd[1]: {text(event)}"]


@register(source("linux", "", "auth"), "syslog", (KEYWORDS,), path="/var/log/auth.log")
def auth_text(event):
    return [f"{SYSLOG} pkexec[4100]: alice: {text(event)}"]


@register(source("linux", "", "cron"), "syslog", (KEYWORDS,), path="/var/log/cron")
def cron_text(event):
    return [f"{SYSLOG} crontab[4100]: (root) {text(event)} (root)"]


@register(source("linux", "", "sshd"), "syslog", (KEYWORDS,), path="/var/log/auth.log")
def sshd_text(event):
    return [f"{SYSLOG} sshd[4100]: {text(event)}"]


@register(source("linux", "", "sudo"), "syslog", ("USER", "COMMAND"), path="/var/log/auth.log")
def sudo_text(event):
    return [f"{SYSLOG} sudo:    alice : TTY=pts/0 ; PWD=/srv ; USER={event.get('USER', 'root')} ; "
            f"COMMAND={event.get('COMMAND', '/usr/bin/probe')}"]


@register(source("linux", "", "clamav"), "syslog", (KEYWORDS,), path="/var/log/syslog")
def clamd_text(event):
    return [f"{SYSLOG} clamd[4100]: /srv/upload/probe.bin: {text(event)}"]


@register(source("linux", "", "vsftpd"), "vsftpd.log", (KEYWORDS,), path="/var/log/vsftpd.log")
def vsftpd_text(event):
    return [f'Wed May  1 10:00:00 2024 [pid 4100] [alice] DEBUG: Client "198.51.100.7", "{text(event)}"']


@register(source("linux", "", "guacamole"), "syslog", (KEYWORDS,), path="/var/log/syslog")
def guacd_text(event):
    return [f'{SYSLOG} guacd[4100]: User "@probe" joined connection "$probe" {text(event)}']
