"""Web servers, proxies, name servers, packet filters."""
import json
from urllib.parse import quote

from . import EPOCH, KEYWORDS, NoPlace, register, source, text

SAFE = "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"  # what clients send as it is; the rest goes out percent-encoded


def url_of(event, names, default="/probe"):
    """The request target that these fields together describe."""
    stem, query = event.get(names[0]), event.get(names[1])
    if query is None:
        target = stem if stem is not None else default
    elif stem is not None:
        target = query if query.startswith(stem) else stem + "?" + query.removeprefix("?")
    elif query.startswith("/"):
        target = query
    else:
        target = "/" + query if "/" in query or "?" in query else "/probe?" + query
    return quote(target if target.startswith("/") else "/" + target, safe=SAFE)


def quoted(value):
    return str(value).replace("\\", "\\\\").replace('"', '\\"')


def words(event, target, agent):
    """Bare keywords: in the address, or where blanks are allowed in what the client says of itself."""
    found = event.get(KEYWORDS)
    if found is None:
        return target, agent
    if " " in found or "\\" in found or '"' in found:
        return target, found
    return target + ("&" if "?" in target else "?") + "p=" + quote(found, safe=SAFE), agent


WEB = source("", "webserver")
WEB_FIELDS = ("cs-method", "cs-uri-query", "cs-uri-stem", "sc-status", "cs-user-agent", "cs-referer", "cs-username",
              "cs-uri", "c-uri", KEYWORDS)


def access_line(event):
    if "cs-uri" in event or "c-uri" in event:
        event = {"cs-uri-query": event.get("cs-uri", event.get("c-uri"))} | event
    target, agent = words(event, url_of(event, ("cs-uri-stem", "cs-uri-query")), event.get("cs-user-agent", "-"))
    return (f"198.51.100.7 - {event.get('cs-username', '-')} [01/May/2024:10:00:00 +0000] "
            f"\"{event.get('cs-method', 'GET')} {target} HTTP/1.1\" {event.get('sc-status', 200)} 512 "
            f"\"{quoted(event.get('cs-referer', '-'))}\" \"{quoted(agent)}\"")


@register(WEB, "nginx combined", WEB_FIELDS, path="/var/log/nginx/access.log")
def nginx_access(event):
    return [access_line(event)]


@register(WEB, "Apache vhost_combined", (*WEB_FIELDS, "cs-host"), path="/var/log/apache2/other_vhosts_access.log")
def apache_access(event):
    return [f"{event.get('cs-host', 'www.example.test')}:443 {access_line(event)}"]


W3C_WEB = ("date", "time", "s-ip", "cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip",
           "cs-host", "cs(User-Agent)", "cs(Referer)", "cs(Cookie)", "cs(Content-Type)", "sc-status", "sc-bytes")


def w3c(columns, values, software):
    if "" in values.values():
        raise NoPlace("an empty value, which is written as none")
    row = [str(values.get(name, "-")).replace(" ", "+") or "-" for name in columns]
    return [f"#Software: {software}", "#Version: 1.0", "#Date: 2024-05-01 10:00:00", "#Fields: " + " ".join(columns),
            " ".join(row)]


@register(WEB, "W3C extended", (*WEB_FIELDS, "cs-host", "cs-cookie", "cs-content-type"),
          path="C:/inetpub/logs/LogFiles/W3SVC1/u_ex240501.log")
def iis_access(event):
    target, agent = words(event, url_of(event, ("cs-uri-stem", "cs-uri-query")), event.get("cs-user-agent", "-"))
    if "+" in agent:
        raise NoPlace("a plus sign, which stands for a blank")
    stem, _, query = target.partition("?")
    return w3c(W3C_WEB, {"date": "2024-05-01", "time": "10:00:00", "s-ip": "192.0.2.80", "s-port": 443,
                         "c-ip": "198.51.100.7", "cs-method": event.get("cs-method", "GET"), "cs-uri-stem": stem,
                         "cs-uri-query": query or "-", "cs-username": event.get("cs-username", "-"),
                         "cs-host": event.get("cs-host", "www.example.test"), "cs(User-Agent)": agent,
                         "cs(Referer)": event.get("cs-referer", "-"), "cs(Cookie)": event.get("cs-cookie", "-"),
                         "cs(Content-Type)": event.get("cs-content-type", "-"),
                         "sc-status": event.get("sc-status", 200), "sc-bytes": 512},
               "Microsoft Internet Information Services 10.0")


PROXY = source("", "proxy")
PROXY_URL = ("c-uri", "cs-uri", "cs-uri-stem", "cs-uri-query", "c-uri-query", "cs-host", "r-dns", "c-uri-extension")


def proxy_url(event):
    """(host, target, whole address)"""
    whole = event.get("c-uri")
    host = event.get("cs-host", event.get("r-dns"))
    target = None
    if whole is not None and "://" in whole:
        rest = whole.split("://", 1)[1]
        named, slash, path = rest.partition("/")
        host = host or named
        target = slash + path
    elif whole is not None:
        target = whole
    if target is not None and "?" not in target and "c-uri-query" in event:
        target += "?" + event["c-uri-query"].removeprefix("?")
    if target is None:
        target = event.get("cs-uri")
    if target is not None and "://" in target:
        named, slash, path = target.split("://", 1)[1].partition("/")
        host, target = host or named, slash + path
    if target is None:
        merged = {"stem": event.get("cs-uri-stem"), "query": event.get("cs-uri-query", event.get("c-uri-query"))}
        target = url_of({k: v for k, v in merged.items() if v is not None}, ("stem", "query"))
    if "c-uri-extension" in event and not target.split("?")[0].endswith("." + event["c-uri-extension"]):
        stem, mark, query = target.partition("?")
        target = f"{stem}.{event['c-uri-extension']}{mark}{query}"
    target = quote(target if target.startswith("/") else "/" + target, safe=SAFE)
    host = host or "www.example.test"
    return host, target, f"http://{host}{target}"


@register(PROXY, "squid native", (*PROXY_URL, "cs-method", "sc-status", "dst_ip", "c-ip", KEYWORDS),
          path="/var/log/squid/access.log")
def squid_native(event):
    if KEYWORDS in event:
        raise NoPlace("what a client says of itself")
    return [f"{EPOCH}.123     45 192.0.2.5 TCP_MISS/{event.get('sc-status', 200)} 1024 "
            f"{event.get('cs-method', 'GET')} {proxy_url(event)[2]} - "
            f"HIER_DIRECT/{event.get('dst_ip', '203.0.113.9')} text/html"]


PROXY_CLIENT = ("cs-method", "sc-status", "c-useragent", "cs-user-agent", "cs-referer", "cs-referrer", "c-ip", KEYWORDS)


@register(PROXY, "squid combined", (*PROXY_URL, *PROXY_CLIENT), path="/var/log/squid/access.log")
def squid_combined(event):
    agent = event.get("c-useragent", event.get("cs-user-agent", "-"))
    whole, agent = words(event, proxy_url(event)[2], agent)
    return [f"192.0.2.5 - - [01/May/2024:10:00:00 +0000] \"{event.get('cs-method', 'GET')} {whole} HTTP/1.1\" "
            f"{event.get('sc-status', 200)} 1024 \"{quoted(event.get('cs-referer', event.get('cs-referrer', '-')))}\" "
            f"\"{quoted(agent)}\" TCP_MISS:HIER_DIRECT"]


W3C_PROXY = ("date", "time", "time-taken", "c-ip", "cs-username", "cs-method", "cs-uri-scheme", "cs-host",
             "cs-uri-port", "cs-uri-path", "cs-uri-query", "cs-uri-extension", "cs(User-Agent)", "cs(Referer)",
             "cs(Cookie)", "sc-status", "sc-bytes", "r-ip")


@register(PROXY, "W3C extended", (*PROXY_URL, *PROXY_CLIENT, "cs-cookie", "dst_ip"), path="/var/log/proxy/main.log")
def bluecoat(event):
    agent = event.get("c-useragent", event.get("cs-user-agent", "-"))
    host, target, _ = proxy_url(event)
    target, agent = words(event, target, agent)
    if "+" in agent:
        raise NoPlace("a plus sign, which stands for a blank")
    stem, _, query = target.partition("?")
    last = stem.rsplit("/", 1)[-1]
    return w3c(W3C_PROXY, {"date": "2024-05-01", "time": "10:00:00", "time-taken": 45, "c-ip": "192.0.2.5",
                           "cs-method": event.get("cs-method", "GET"), "cs-uri-scheme": "http", "cs-host": host,
                           "cs-uri-port": 80, "cs-uri-path": stem, "cs-uri-query": query or "-",
                           "cs-uri-extension": last.rsplit(".", 1)[-1] if "." in last else "-",
                           "cs(User-Agent)": agent, "cs(Cookie)": event.get("cs-cookie", "-"),
                           "cs(Referer)": event.get("cs-referer", event.get("cs-referrer", "-")),
                           "sc-status": event.get("sc-status", 200), "sc-bytes": 1024,
                           "r-ip": event.get("dst_ip", "203.0.113.9")}, "SGOS 6.7.4.130")


# Name servers

DNS = source("", "dns")


def query_of(event):
    name = event.get("query", "probe.example.org")
    if " " in name:
        raise NoPlace("a blank in a name")
    return name


@register(DNS, "bind", ("query", "record_type"), path="/var/log/named/queries.log")
def bind(event):
    name = query_of(event)
    return [f"01-May-2024 10:00:00.123 queries: info: client @0x7f2a8c0012f8 192.0.2.5#53211 ({name}): query: {name} "
            f"IN {event.get('record_type', 'A')} +E(0)K (192.0.2.53)"]


@register(DNS, "dnsmasq", ("query", "record_type"), path="/var/log/syslog")
def dnsmasq(event):
    return [f"May  1 10:00:00 web1 dnsmasq[811]: query[{event.get('record_type', 'A')}] {query_of(event)} from 192.0.2.5"]


@register(DNS, "unbound", ("query", "record_type"), path="/var/log/syslog")
def unbound(event):
    return [f"May  1 10:00:00 web1 unbound[811]: [811:0] info: 192.0.2.5 {query_of(event)}. "
            f"{event.get('record_type', 'A')} IN"]


@register(DNS, "Suricata EVE", ("query", "record_type", "answer"), path="/var/log/suricata/eve.json")
def eve_dns(event):
    dns = {"type": "answer", "id": 7, "rrname": query_of(event), "rrtype": event.get("record_type", "A"),
           "rcode": "NOERROR", "answers": [{"rrname": query_of(event), "rrtype": event.get("record_type", "A"),
                                            "ttl": 60, "rdata": event.get("answer", "203.0.113.9")}]}
    return [json.dumps({"timestamp": "2024-05-01T10:00:00.123456+0000", "flow_id": 77, "event_type": "dns",
                        "src_ip": "192.0.2.5", "src_port": 53211, "dest_ip": "192.0.2.53", "dest_port": 53,
                        "proto": "UDP", "dns": dns})]


# Packet filters and flows

FIREWALL = source("", "firewall")
FIREWALL_FIELDS = ("src_ip", "src_port", "dst_ip", "dst_port", "action", "blocked")


@register(FIREWALL, "Cisco ASA", FIREWALL_FIELDS, path="/var/log/asa.log")
def asa(event):
    if str(event.get("action", "accept")) not in ("accept", "allow", "permit") \
            or str(event.get("blocked", "false")) != "false":
        raise NoPlace("another action")
    return [f"May  1 10:00:00 fw1 %ASA-6-106100: access-list outside_in permitted tcp "
            f"outside/{event.get('src_ip', '198.51.100.7')}({event.get('src_port', 40112)}) -> "
            f"inside/{event.get('dst_ip', '192.0.2.80')}({event.get('dst_port', 443)}) hit-cnt 1 first hit [0x1, 0x0]"]


@register(FIREWALL, "netfilter", FIREWALL_FIELDS, path="/var/log/kern.log")
def netfilter(event):
    action = str(event.get("action", "accept"))
    if action not in ("accept", "forward") or str(event.get("blocked", "false")) != "false":
        raise NoPlace("another action")
    return [f"May  1 10:00:00 gw1 kernel: [ 1000.000001] {action.upper()} IN=eth0 OUT=eth1 "
            f"MAC=00:11:22:33:44:55:66:77:88:99:aa:bb:08:00 SRC={event.get('src_ip', '198.51.100.7')} "
            f"DST={event.get('dst_ip', '192.0.2.80')} LEN=60 TOS=0x00 PREC=0x00 TTL=52 ID=7 DF PROTO=TCP "
            f"SPT={event.get('src_port', 40112)} DPT={event.get('dst_port', 443)} WINDOW=64240 RES=0x00 SYN URGP=0"]


@register(FIREWALL, "FortiGate", FIREWALL_FIELDS, path="/var/log/fortigate.log")
def fortigate_traffic(event):
    if str(event.get("action", "accept")) != "accept" or "blocked" in event:
        raise NoPlace("another action")
    return [f'date=2024-05-01 time=10:00:00 devname="fw1" devid="FGT60F" logid="0000000013" type="traffic" '
            f'subtype="forward" level="notice" vd="root" srcip={event.get("src_ip", "198.51.100.7")} '
            f'srcport={event.get("src_port", 40112)} srcintf="wan1" dstip={event.get("dst_ip", "192.0.2.80")} '
            f'dstport={event.get("dst_port", 443)} dstintf="dmz" policyid=1 proto=6 action="accept" service="probe"']


@register(source("", "", "netflow"), "Suricata EVE", ("destination.port",), path="/var/log/suricata/eve.json")
def eve_flow(event):
    return [json.dumps({"timestamp": "2024-05-01T10:00:00.123456+0000", "flow_id": 77, "event_type": "netflow",
                        "src_ip": "198.51.100.7", "src_port": 40112, "dest_ip": "192.0.2.80",
                        "dest_port": event.get("destination.port", 443), "proto": "TCP", "app_proto": "failed",
                        "netflow": {"pkts": 3, "bytes": 180, "start": "2024-05-01T09:59:00.000000+0000",
                                    "end": "2024-05-01T10:00:00.000000+0000", "age": 60}})]


# Error logs

@register(source("", "", "apache"), "error.log", (KEYWORDS,), path="/var/log/apache2/error.log")
def apache_error(event):
    return [f"[Wed May 01 10:00:00.123456 2024] [core:notice] [pid 4100:tid 140] AH00052: child pid 4101 {text(event)}"]


@register(source("", "", "nginx"), "error.log", (KEYWORDS,), path="/var/log/nginx/error.log")
def nginx_error(event):
    return [f"2024/05/01 10:00:00 [alert] 4100#4100: worker process 4101 {text(event)}"]
