"""Cloud services: one JSON object per record, as each service writes it."""
import json

from . import KEYWORDS, NoPlace, nested, register, source

TIME = "2024-05-01T10:00:00Z"


def record(where, name, path, base, renamed=None):
    """Registers a service whose records are `base` with the fields of the event; `renamed`: a rule's → the record's."""
    renamed = renamed or {}

    @register(where, name, path=path)
    def write(event):
        event = dict(event)
        words = event.pop(KEYWORDS, None)
        out = json.loads(json.dumps(base))
        if words is not None and "operationName" in base:
            event.setdefault("operationName", words)
        elif words is not None and "protoPayload" in base:
            out["protoPayload"]["request"] = {"metadata": {"annotations": {"probe": words}}}
        elif words is not None:
            raise NoPlace("bare keywords")
        return [json.dumps(nested({renamed.get(k, k): v for k, v in event.items()}, out))]
    return write


record(source("aws", "", "cloudtrail"), "CloudTrail", "cloudtrail.json", {
    "eventVersion": "1.09", "userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": "111122223333",
                                             "arn": "arn:aws:iam::111122223333:user/alice"},
    "eventTime": TIME, "eventSource": "probe.amazonaws.com", "eventName": "Probe", "awsRegion": "eu-central-1",
    "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2", "eventID": "3f4a2d1c",
    "eventType": "AwsApiCall"})

AZURE = {"time": TIME, "resourceId": "/subscriptions/1/probe", "operationName": "Probe", "tenantId": "1",
         "callerIpAddress": "198.51.100.7", "correlationId": "1", "level": "Information", "properties": {}}
record(source("azure", "", "activitylogs"), "diagnostic settings", "activity.json",
       AZURE | {"category": "Administrative", "resultType": "Success"})
record(source("azure", "", "auditlogs"), "diagnostic settings", "audit.json",
       AZURE | {"category": "AuditLogs", "operationVersion": "1.0", "resultSignature": "None"})
record(source("azure", "", "signinlogs"), "diagnostic settings", "signin.json",
       AZURE | {"category": "SignInLogs", "identity": "Alice"})
record([source("azure", "", "riskdetection"), source("azure", "", "pim")], "Graph", "risk.json",
       {"id": "1", "requestId": "1", "riskEventType": "probe", "riskState": "atRisk", "riskLevel": "high",
        "detectionTimingType": "realtime", "activityDateTime": TIME, "detectedDateTime": TIME, "source": "probe",
        "userPrincipalName": "alice@example.org", "ipAddress": "198.51.100.7"})

record(source("gcp", "", "gcp.audit"), "Cloud Logging", "gcp.json",
       {"insertId": "a1", "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity", "timestamp": TIME,
        "severity": "NOTICE", "resource": {"type": "probe", "labels": {"project_id": "p"}},
        "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "methodName": "probe",
                         "serviceName": "probe.googleapis.com", "resourceName": "projects/p",
                         "authenticationInfo": {"principalEmail": "alice@example.org"},
                         "requestMetadata": {"callerIp": "198.51.100.7"}}},
       {"gcp.audit.method_name": "protoPayload.methodName",
        "data.protoPayload.methodName": "protoPayload.methodName",
        "data.protoPayload.serviceName": "protoPayload.serviceName",
        "data.protoPayload.logName": "logName", "data.protoPayload.resource.type": "resource.type",
        "data.protoPayload.authorizationInfo.permission": "protoPayload.authorizationInfo.permission",
        "data.protoPayload.authorizationInfo.granted": "protoPayload.authorizationInfo.granted"})

@register([source("gcp", "", "google_workspace.admin"), source("gcp", "", "google_workspace.login")], "Cloud Logging",
          ("eventName", "eventService", "setting_name", "new_value", "protoPayload.serviceName",
           "protoPayload.Servicename", "protoPayload.metadata.event.eventName"), path="workspace.json")
def workspace(event):
    service = event.get("eventService", event.get("protoPayload.serviceName", event.get("protoPayload.Servicename")))
    happened = {"eventName": event.get("eventName", event.get("protoPayload.metadata.event.eventName", "PROBE")),
                "eventType": "PROBE_SETTINGS", "eventId": "1"}
    parameters = [{"name": name.upper(), "label": "LABEL_OPTIONAL", "type": "TYPE_STRING", "value": event[name]}
                  for name in ("setting_name", "new_value") if name in event]
    if parameters:
        happened["parameter"] = parameters
    return [json.dumps({
        "insertId": "a1", "logName": "organizations/1/logs/cloudaudit.googleapis.com%2Factivity", "timestamp": TIME,
        "severity": "NOTICE", "resource": {"type": "audited_resource", "labels": {"service": "admin.googleapis.com"}},
        "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                         "methodName": "google.admin.AdminService.probe",
                         "serviceName": service or "admin.googleapis.com",
                         "authenticationInfo": {"principalEmail": "alice@example.org"},
                         "metadata": {"event": [happened]}}})]


record(source("github", "", "audit"), "audit log", "github.json",
       {"action": "probe.probe", "actor": "alice", "created_at": 1714557600000, "@timestamp": 1714557600000,
        "org": "acme", "actor_ip": "198.51.100.7", "_document_id": "a1"})
record([source("m365", "", "audit"), source("m365", "", "exchange"), source("m365", "", "threat_management"),
        source("m365", "", "threat_detection")], "management activity", "m365.json",
       {"CreationTime": "2024-05-01T10:00:00", "Id": "1", "Operation": "Probe", "OrganizationId": "1", "RecordType": 15,
        "UserId": "alice@example.org", "Workload": "AzureActiveDirectory", "ClientIP": "198.51.100.7"},
       {"eventName": "Operation", "eventSource": "Workload", "status": "ResultStatus"})
record(source("okta", "", "okta"), "System Log", "okta.json",
       {"uuid": "1", "published": TIME, "eventType": "probe.probe", "version": "0", "severity": "INFO",
        "displayMessage": "Probe", "actor": {"id": "1", "type": "User", "alternateId": "unknown"},
        "client": {"ipAddress": "198.51.100.7"}, "outcome": {"result": "SUCCESS", "reason": "probe"}})
record(source("onelogin", "", "onelogin.events"), "Events API", "onelogin.json",
       {"id": 1, "created_at": TIME, "account_id": 1, "event_type_id": 0, "user_name": "alice",
        "ipaddr": "198.51.100.7", "actor_user_name": "alice"})
record(source("bitbucket", "", "audit"), "audit log", "bitbucket.json",
       {"timestamp": TIME, "auditType": {"area": "PROBE", "category": "Probe", "action": "Probe"}, "method": "Browser",
        "author": {"name": "alice", "type": "NORMAL"}, "affectedObjects": [], "source": "198.51.100.7",
        "system": "https://bitbucket.example.org", "node": "1", "version": "1.0"})
