"""Applications: run times, databases, scanners, decoys, orchestrators."""
import json

from . import KEYWORDS, NoPlace, nested, register, source, text

STAMP = "2024-05-01 10:00:00"


def application(product):
    return source(product, "application")


@register(application("django"), "Python logging", (KEYWORDS,), program="django", path="/var/log/shop/django.log")
def django(event):
    return [f"{STAMP},123 ERROR django.security.probe {text(event)}: probe",
            "Traceback (most recent call last):", '  File "/srv/shop/views.py", line 7, in probe']


@register(application("python"), "Python traceback", (KEYWORDS,), program="python", path="/var/log/shop/app.log")
def python(event):
    return ["Traceback (most recent call last):", '  File "/srv/shop/views.py", line 7, in probe',
            f"shop.db.{text(event)}: probe"]


def java_lines(event):
    return [f"{STAMP}.123 ERROR 4100 --- [nio-8080-exec-1] o.e.shop.Probe : {text(event)}",
            "java.lang.IllegalStateException: probe", "\tat org.example.shop.Probe.run(Probe.java:7)"]


@register([application("jvm"), application("velocity")], "Java logging", (KEYWORDS,), program="java",
          path="/var/log/tomcat9/catalina.out")
def java(event):
    return java_lines(event)


@register(application("spring"), "Spring Boot", (KEYWORDS,), program="spring", path="/var/log/shop/spring.log")
def spring(event):
    return java_lines(event)


@register(application("ruby_on_rails"), "Rails logger", (KEYWORDS,), program="rails",
          path="/var/log/shop/production.log")
def rails(event):
    return [f"F, [2024-05-01T10:00:00.123456 #4100] FATAL -- : [7b1f] {text(event)} (probe):"]


@register(application("nodejs"), "Node.js", (KEYWORDS,), program="node", path="/var/log/shop/node.log")
def node(event):
    return ["Error: probe", f"    at ChildProcess.spawn ({text(event)}:421:11)", "    at Probe (/srv/shop/probe.js:7:3)"]


@register(application("sql"), "PostgreSQL", (KEYWORDS,), path="/var/log/postgresql/postgresql-15-main.log")
def sql_error(event):
    return [f"{STAMP}.123 UTC [4100] shop@shop ERROR:  {text(event)} at character 7"]


@register(application("sql"), "MySQL in PHP", (KEYWORDS,), program="php", path="/var/log/shop/php.log")
def php_error(event):
    return [f"[01-May-2024 10:00:00 UTC] PHP Fatal error:  Uncaught mysqli_sql_exception: {text(event)} in "
            "/srv/shop/db.php:7"]


DATABASE = source("", "database")


@register(DATABASE, "MySQL general log", (KEYWORDS,), path="/var/log/mysql/mysql.log")
def mysql(event):
    return [f"2024-05-01T10:00:00.123456Z\t   12 Query\t{text(event)} probe"]


@register(DATABASE, "PostgreSQL", (KEYWORDS,), path="/var/log/postgresql/postgresql-15-main.log")
def postgresql(event):
    return [f"{STAMP}.123 UTC [4100] shop@shop LOG:  statement: {text(event)} probe"]


ANTIVIRUS = source("", "antivirus")


@register(ANTIVIRUS, "ClamAV", ("Signature", "Filename"), path="/var/log/clamav/clamav.log")
def clamav(event):
    return [f"Wed May  1 10:00:00 2024 -> {event.get('Filename', '/srv/upload/probe.bin')}: "
            f"{event.get('Signature', 'Probe.A-1')} FOUND"]


@register(ANTIVIRUS, "ClamAV in syslog", ("Signature", "Filename"), path="/var/log/syslog")
def clamd(event):
    return [f"May  1 10:00:00 web1 clamd[811]: {event.get('Filename', '/srv/upload/probe.bin')}: "
            f"{event.get('Signature', 'Probe.A-1')} FOUND"]


# Kubernetes: the request that the API server audits. Rules name some of its parts by their last name alone.

POD_PARTS = {"hostPath": ("requestObject", "spec", "volumes"), "capabilities": ("requestObject", "spec", "containers")}


@register([source("kubernetes", "", "audit"), source("kubernetes", "application", "audit")], "audit",
          path="/var/log/kubernetes/audit.log")
def kubernetes(event):
    event = dict(event)
    pod = {}
    if "hostPath" in event:
        pod["volumes"] = [{"name": "probe", "hostPath": {"path": event.pop("hostPath"), "type": ""}}]
    if "capabilities" in event:
        pod["containers"] = [{"name": "probe", "image": "probe:1",
                              "securityContext": {"capabilities": {"add": [event.pop("capabilities")]}}}]
    if "apiGroup" in event:
        event["objectRef.apiGroup"] = event.pop("apiGroup")
    out = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
           "auditID": "3f4a2d1c-9f7e-4d0c-8a65-0d2f4c1f7a11", "stage": "ResponseComplete",
           "requestURI": "/api/v1/namespaces/default/probes", "verb": "get",
           "user": {"username": "alice", "groups": ["system:authenticated"]}, "sourceIPs": ["198.51.100.7"],
           "userAgent": "kubectl/v1.30", "objectRef": {"resource": "probes", "namespace": "default", "name": "probe",
                                                       "apiVersion": "v1"},
           "responseStatus": {"metadata": {}, "code": 200}, "requestReceivedTimestamp": "2024-05-01T10:00:00.123456Z",
           "stageTimestamp": "2024-05-01T10:00:00.133456Z"}
    if pod:
        out["requestObject"] = {"kind": "Pod", "apiVersion": "v1", "spec": pod}
    return [json.dumps(nested(event, out))]


@register(application("opencanary"), "OpenCanary", path="/var/tmp/opencanary.log")
def opencanary(event):
    for name in event:
        if name not in ("logtype", "src_host", "dst_port", "node_id"):
            raise NoPlace(name)
    return [json.dumps({"dst_host": "192.0.2.22", "dst_port": 22, "local_time": f"{STAMP}.123456",
                        "local_time_adjusted": f"{STAMP}.123456", "logdata": {"USERNAME": "probe"}, "logtype": 0,
                        "node_id": "opencanary-1", "src_host": "198.51.100.7", "src_port": 40112,
                        "utc_time": f"{STAMP}.123456"} | event)]


@register(source("rpc_firewall", "application"), "Windows event", path="rpcfw.json")
def rpc_firewall(event):
    event = dict(event)
    log, number = event.pop("EventLog", "RPCFW"), event.pop("EventID", 3)
    return [json.dumps({"Event": {"System": {"Provider": {"#attributes": {"Name": "RPCFW"}}, "EventID": number,
                                             "TimeCreated": {"#attributes": {"SystemTime": "2024-05-01T10:00:00Z"}},
                                             "EventRecordID": 7, "Channel": log, "Computer": "dc1"},
                                  "EventData": {"FunctionName": "RpcFunctionCall", "ProcessID": 700,
                                                "InterfaceUuid": "probe", "OpNum": 99} | event}})]
