"""Zeek logs, as tables and as JSON, with the columns that version 6 writes."""
import json

from . import EPOCH, KEYWORDS, NoPlace, register, source

CONNECTION = {"ts": "time", "uid": "string", "id.orig_h": "addr", "id.orig_p": "port", "id.resp_h": "addr",
              "id.resp_p": "port"}
COLUMNS = {
    "dns": CONNECTION | {"proto": "enum", "trans_id": "count", "rtt": "interval", "query": "string", "qclass": "count",
                         "qclass_name": "string", "qtype": "count", "qtype_name": "string", "rcode": "count",
                         "rcode_name": "string", "AA": "bool", "TC": "bool", "RD": "bool", "RA": "bool", "Z": "count",
                         "answers": "vector[string]", "TTLs": "vector[interval]", "rejected": "bool"},
    "http": CONNECTION | {"trans_depth": "count", "method": "string", "host": "string", "uri": "string",
                          "referrer": "string", "version": "string", "user_agent": "string", "origin": "string",
                          "request_body_len": "count", "response_body_len": "count", "status_code": "count",
                          "status_msg": "string", "info_code": "count", "info_msg": "string", "tags": "set[enum]",
                          "username": "string", "password": "string", "proxied": "set[string]",
                          "orig_mime_types": "vector[string]", "resp_mime_types": "vector[string]",
                          "client_header_names": "vector[string]"},
    "dce_rpc": CONNECTION | {"rtt": "interval", "named_pipe": "string", "endpoint": "string", "operation": "string"},
    "smb_files": CONNECTION | {"fuid": "string", "action": "enum", "path": "string", "name": "string", "size": "count",
                               "prev_name": "string", "times.modified": "time"},
    "kerberos": CONNECTION | {"request_type": "string", "client": "string", "service": "string", "success": "bool",
                              "error_msg": "string", "from": "time", "till": "time", "cipher": "string",
                              "forwardable": "bool", "renewable": "bool"},
    "rdp": CONNECTION | {"cookie": "string", "result": "string", "security_protocol": "string",
                         "client_channels": "vector[string]", "keyboard_layout": "string", "client_build": "string",
                         "client_name": "string", "cert_count": "count"},
    "x509": {"ts": "time", "fingerprint": "string", "certificate.version": "count", "certificate.serial": "string",
             "certificate.subject": "string", "certificate.issuer": "string",
             "certificate.not_valid_before": "time", "certificate.not_valid_after": "time",
             "certificate.key_alg": "string", "san.dns": "vector[string]"},
}
DEFAULTS = {"ts": EPOCH + 0.123456, "uid": "CHhAvVGS1DHFjwGM9", "id.orig_h": "192.0.2.5", "id.orig_p": 53211,
            "id.resp_h": "203.0.113.9", "id.resp_p": 443, "proto": "udp", "fingerprint": "ab12",
            "query": "probe.example.org", "rejected": False, "AA": False, "method": "GET", "host": "www.example.org",
            "uri": "/probe", "action": "SMB::FILE_OPEN", "request_type": "AS", "success": True, "Z": 0,
            "trans_id": 7, "qtype_name": "A", "named_pipe": "probe", "endpoint": "probe", "operation": "probe",
            "cookie": "probe", "security_protocol": "HYBRID", "certificate.subject": "CN=probe",
            "certificate.serial": "0A", "path": "\\\\files\\share", "name": "probe.txt"}
SAME = {"http": {"c-uri": "uri", "c-useragent": "user_agent", "dst_ip": "id.resp_h", "c-uri-path": "uri"}}


def values(kind, event):
    """By column, as Zeek has them."""
    columns = COLUMNS[kind]
    out = {name: value for name, value in DEFAULTS.items() if name in columns}
    for name, value in event.items():
        if name == KEYWORDS:
            name = "name"
        column = SAME.get(kind, {}).get(name, name)
        if column not in columns:
            raise NoPlace(name)
        if columns[column].startswith(("vector", "set")) and not isinstance(value, list):
            value = [value]
        if columns[column] in ("count", "port"):
            value = int(value)
        if columns[column] == "bool":
            value = str(value).lower() == "true"
        out[column] = value
    return out


def cell(value):
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, list):
        return ",".join(cell(v).replace(",", "\\x2c") for v in value) if value else "(empty)"
    if isinstance(value, float):
        return f"{value:.6f}"
    out = "".join(c if ord(c) >= 0x20 and c != "\\" else f"\\x{ord(c):02x}" if c != "\\" else "\\\\" for c in str(value))
    return out if out not in ("-", "") else "\\x2d" if out else "(empty)"


def table(kind):
    def write(event):
        found, columns = values(kind, event), COLUMNS[kind]
        return ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", f"#path\t{kind}",
                "#open\t2024-05-01-10-00-00", "#fields\t" + "\t".join(columns), "#types\t" + "\t".join(columns.values()),
                "\t".join(cell(found[name]) if name in found else "-" for name in columns),
                "#close\t2024-05-01-11-00-00"]
    return write


def objects(kind):
    def write(event):
        return [json.dumps(values(kind, event))]
    return write


for log in COLUMNS:
    register(source("zeek", "", log), "TSV", path=f"/opt/zeek/logs/current/{log}.log")(table(log))
    register(source("zeek", "", log), "JSON", path=f"/opt/zeek/logs/current/{log}.log")(objects(log))


PROXY = {"c-uri": "uri", "cs-uri": "uri", "cs-method": "method", "cs-host": "host", "c-useragent": "user_agent",
         "cs-user-agent": "user_agent", "sc-status": "status_code", "dst_ip": "id.resp_h", "cs-referer": "referrer"}


@register(source("", "proxy"), "Zeek", PROXY, path="/opt/zeek/logs/current/http.log")
def proxy(event):
    from .web import proxy_url
    host, target, _ = proxy_url(event)
    said = {PROXY[name]: value for name, value in event.items() if PROXY[name] not in ("uri", "host")}
    return table("http")(said | {"host": host, "uri": target})


@register(source("", "dns"), "Zeek", ("query", "record_type", "answer"), path="/opt/zeek/logs/current/dns.log")
def dns(event):
    names = {"query": "query", "record_type": "qtype_name", "answer": "answers"}
    return table("dns")({names[name]: value for name, value in event.items()})
