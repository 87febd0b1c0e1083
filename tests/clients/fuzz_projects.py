"""Tries the projects API with bodies and parameters made from its description (schemathesis): no answer may be a failure of the
server, and every answer must be as the description says. Prints how many operations were tried."""

import json
import sys

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

CREDENTIALS = {"authorization", "x-app-id", "x-app-token", "x-management-id", "x-management-token"}
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
FEW = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def known_objects(given):
    """One object of each kind, by the name of the parameter that its id stands for."""
    project = f"{given['base']}/management/v1/projects/{given['project']}"

    def make(path, body):
        answer = requests.post(project + path, json=body, headers={"Authorization": "Bearer " + given["key"]}, timeout=10)
        assert answer.ok, (path, answer.text)
        return answer.json()["id"]

    hook = make("/webhooks", {"target_url": "https://example.com/", "events": ["voucher.created"]})
    test = requests.post(f"{project}/webhooks/{hook}/test", headers={"Authorization": "Bearer " + given["key"]}, timeout=10)
    address = {"street": "1", "city": "B", "country": "DE", "postal": None}
    return {
        "projectId": given["project"],
        "userId": given["user"],
        "campaignTemplateId": make("/templates/campaigns", {"name": "Ten", "campaign_type": "DISCOUNT_COUPONS"}),
        "stackingRulesId": make("/stacking-rules", {}),
        "metadataSchemaId": make("/metadata-schemas", {"related_object": "voucher", "properties": {}}),
        "customEventSchemaId": make("/custom-event-schemas", {"name": "seen", "schema": {"properties": {}}}),
        "webhookId": hook,
        "sendOutId": test.json()["id"],
        "brandingId": make("/branding", {"brand": {"name": "B"}, "address": address, "contact": {"email": "a@example.com"}}),
        "relatedObject": "voucher",
    }


def main(given, examples):
    description = requests.get(given["base"] + "/openapi.json", timeout=10).json()
    surface = ("/management/v1/projects", "/v1/metadata-schemas")
    description["paths"] = {path: item for path, item in description["paths"].items() if path.startswith(surface)}
    api = schemathesis.openapi.from_dict(description)
    api.config.update(base_url=given["base"])
    known = known_objects(given)
    operations = [result.ok() for result in api.get_all_operations()]
    # What is deleted is missed by others; the project itself is not given away.
    operations.sort(key=lambda operation: operation.method.upper() == "DELETE")
    operations = [o for o in operations if (o.method.upper(), o.path.endswith("{projectId}")) != ("DELETE", True)]
    for operation in operations:
        attempt(operation, given, known, examples)
    print(len(operations))


def attempt(operation, given, known, examples):
    if operation.path.startswith("/v1/"):
        fields = {"X-App-Id": given["app_id"], "X-App-Token": given["app_token"]}
    else:
        fields = {"Authorization": "Bearer " + given["key"]}

    @settings(FEW, max_examples=examples)
    @hypothesis.given(case=operation.as_strategy())
    def one(case):
        # Ids are unguessable: most of those that are made stand for an object that is there.
        for name, made in case.path_parameters.items():
            if name in known and len(str(made)) % 4:
                case.path_parameters[name] = known[name]
        own = {name: value for name, value in (case.headers or {}).items() if name.lower() not in CREDENTIALS}
        case.headers = {**own, **fields}
        case.validate_response(case.call(timeout=30), checks=CHECKS)

    one()


main(json.load(sys.stdin), int(sys.argv[1]) if len(sys.argv) > 1 else 10)
