"""Network devices: lines and key=value pairs over syslog."""
import json

from . import KEYWORDS, NoPlace, register, source, text

SYSLOG = "May  1 10:00:00 192.0.2.1"


@register(source("cisco", "", "aaa"), "IOS", (KEYWORDS,), path="/var/log/network.log")
def ios_command(event):
    return [f"{SYSLOG} 45: May  1 10:00:00.123: %PARSER-5-CFGLOG_LOGGEDCMD: User:alice  logged command:{text(event)}"]


@register([source("cisco", "", "bgp"), source("cisco", "", "ldp")], "IOS XR", (KEYWORDS,), path="/var/log/network.log")
def ios_xr(event):
    return [f"{SYSLOG} 45: RP/0/RSP0/CPU0:May  1 10:00:00.123 UTC: tcp[368]: %ROUTING-TCP-3-PROBE : {text(event)} from 198.51.100.7"]


@register(source("cisco", "", "syslog"), "IOS XE", (KEYWORDS,), path="/var/log/network.log")
def ios_xe(event):
    return [f"{SYSLOG} 45: *May  1 10:00:00.123: %SYS-5-PROBE: {text(event)} by console"]


@register(source("cisco", "", "duo"), "Duo", ("event_type", "reason", "result", "factor"), path="duo.json")
def duo(event):
    return [json.dumps({"access_device": {"ip": "198.51.100.7", "hostname": None}, "application": {"name": "VPN"},
                        "email": "alice@example.org", "event_type": "probe", "factor": "not_available",
                        "isotimestamp": "2024-05-01T10:00:00.123456+00:00", "reason": "probe", "result": "success",
                        "timestamp": 1714557600, "txid": "3f4a2d1c-9f7e-4d0c-8a65-0d2f4c1f7a11",
                        "user": {"key": "DU1", "name": "alice"}} | event)]


@register(source("huawei", "", "bgp"), "VRP", (KEYWORDS,), path="/var/log/network.log")
def vrp(event):
    return [f"May  1 2024 10:00:00 core1 %%01BGP/3/PROBE(l)[45]:{text(event)} (VpnInstance=Public)"]


@register(source("juniper", "", "bgp"), "Junos", (KEYWORDS,), path="/var/log/network.log")
def junos(event):
    return [f"{SYSLOG} rpd[4100]: tcp_auth_ok: Packet from 198.51.100.7{text(event)}"]


@register(source("fortigate", "", "event"), "FortiGate", ("action", "cfgpath", "user"), path="/var/log/fortigate.log")
def fortigate(event):
    return [f'date=2024-05-01 time=10:00:00 devname="fw1" devid="FGT60F" logid="0100044547" type="event" '
            'subtype="system" level="information" vd="root" logdesc="Object attribute configured" '
            f'user="{event.get("user", "alice")}" ui="GUI(198.51.100.7)" action="{event.get("action", "Probe")}" '
            f'cfgtid=45 cfgpath="{event.get("cfgpath", "probe")}" cfgobj="probe" cfgattr="probe" msg="probe"']


@register(source("fortios", "", "sslvpnd"), "FortiOS", (KEYWORDS,), program="sslvpnd", path="/var/log/fortios.log")
def sslvpnd(event):
    return [f"{SYSLOG} sslvpnd[4100]: created {text(event)}"]


@register(source("paloalto", "appliance", "globalprotect"), "gpsvc.log", (KEYWORDS,), program="gpsvc",
          path="/var/log/pan/gpsvc.log")
def gpsvc(event):
    return ['{"level":"error","task":"4100-7","time":"2024-05-01T10:00:00.123456789-07:00","message":'
            + json.dumps(text(event)) + "}"]


@register(source("paloalto", "file_event", "globalprotect"), "telemetry", ("TargetFilename",), program="gpsvc",
          path="/var/log/pan/device_telemetry_send.log")
def telemetry(event):
    path = event.get("TargetFilename", "/opt/panlogs/tmp/probe")
    if "\n" in path:
        raise NoPlace("a line feed in a line")
    return [f"2024-05-01 10:00:00,123 dt_send INFO TX_DIR: send file dir: {path.rsplit('/', 1)[0]}/, n_files: 1",
            f"2024-05-01 10:00:00,124 dt_send INFO TX FILE: send_fname: {path}"]
