"""Voucherify's own SDK, unchanged, runs every operation of its management API against a server.

Reads from its input the server's address, a management key's id and text, and the login of somebody who is invited. Prints
the number of operations that were answered; fails at the first answer that is not as documented.
"""

import json
import sys

import urllib3
import voucherify
from voucherify import (
    ApiClient,
    Configuration,
    ManagementApi,
    ManagementProjectsBrandingCreateRequestBody,
    ManagementProjectsBrandingUpdateRequestBody,
    ManagementProjectsCreateRequestBody,
    ManagementProjectsCustomEventSchemasCreateRequestBody,
    ManagementProjectsCustomEventSchemasUpdateRequestBody,
    ManagementProjectsMetadataSchemasCreateRequestBody,
    ManagementProjectsMetadataSchemasUpdateRequestBody,
    ManagementProjectsStackingRulesCreateRequestBody,
    ManagementProjectsStackingRulesUpdateRequestBody,
    ManagementProjectsTemplatesCampaignsCopyCreateRequestBody,
    ManagementProjectsUpdateRequestBody,
    ManagementProjectsUsersAssignRequestBody,
    ManagementProjectsUsersInviteCreateRequestBody,
    ManagementProjectsUsersUpdateRoleRequestBody,
    ManagementProjectsWebhooksCreateRequestBody,
    ManagementProjectsWebhooksUpdateRequestBody,
)
from voucherify.exceptions import ApiException

host, key_id, key, login = sys.stdin.read().split()
configuration = Configuration(
    host=host,
    api_key={"X-Management-Id": key_id, "X-Management-Token": key},
    retries=urllib3.Retry(0, respect_retry_after_header=False),
)
api = ManagementApi(ApiClient(configuration))
ran = set()


def run(name, *args, **named):
    """Runs an operation with its status and header fields."""
    answer = getattr(api, name + "_with_http_info")(*args, **named)
    ran.add(name)
    fields = {field.lower() for field in answer.headers}
    assert {"x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-retry"} <= fields, (name, fields)
    return answer


def ok(name, *args, **named):
    answer = run(name, *args, **named)
    assert answer.status_code == 200, (name, answer.status_code)
    assert answer.data is not None, name
    # What the SDK read back is what it understands: an unknown value would have failed.
    answer.data.to_dict()
    return answer.data


def gone(name, *args, **named):
    answer = run(name, *args, **named)
    assert answer.status_code == 204, (name, answer.status_code)


def refused(status, key, name, *args, **named):
    try:
        getattr(api, name)(*args, **named)
    except ApiException as error:
        body = json.loads(error.body)
        assert (error.status, body["key"], body["code"]) == (status, key, status), (name, error.status, body)
        assert body["message"] and body["details"] and body["request_id"], body
        return body
    raise AssertionError(f"{name} was not refused")


# Projects.
made = ok("create_project", ManagementProjectsCreateRequestBody(
    name="Shop", case_sensitive_codes=True, timezone="Etc/GMT+1", currency="EUR", dial_code="+48"))
project = made.id
assert made.server_side_key.app_id and made.client_side_key.app_token
assert made.cluster_id == "eu1" and made.api_usage_notifications.redemptions.enabled is False
second = ok("create_project", ManagementProjectsCreateRequestBody.from_dict({
    "name": "Shop", "case_sensitive_codes": False, "timezone": "Europe/Warsaw", "currency": "PLN", "cluster_id": "us1"})).id
assert [p.id for p in ok("list_projects").data] == [project, second]
assert ok("get_project", project).webhook_token == made.webhook_token
changed = ok("update_project", project, ManagementProjectsUpdateRequestBody(description="Ours"))
assert (changed.description, changed.name) == ("Ours", "Shop")
changed = ok("update_project", project, ManagementProjectsUpdateRequestBody.from_dict({
    "name": "Shops", "default_code_config": {"charset": "0123456789"}}))
assert (changed.description, changed.name, changed.default_code_config.charset) == (None, "Shops", "0123456789")
refused(400, "invalid_payload", "create_project", ManagementProjectsCreateRequestBody(name="x"))
refused(400, "invalid_payload", "create_project")
refused(403, "forbidden", "create_project", ManagementProjectsCreateRequestBody(
    name="x", case_sensitive_codes=True, timezone="UTC", currency="EUR", cluster_id="mars1"))
missing = refused(404, "not_found", "get_project", "proj_1")
assert (missing["resource_id"], missing["resource_type"]) == ("proj_1", "project")

# People.
for body in [ManagementProjectsUsersAssignRequestBody(login=login, role="USER"),
             ManagementProjectsUsersAssignRequestBody.from_dict({"login": login, "role": "VIEWER"})]:
    user = ok("assign_user", project, body)
assert user.login == login and user.projects == {project: "VIEWER"} and not user.is_owner
assert ok("get_user", project, user.id).email == login
assert ok("get_user", project, login).id == user.id
assert ok("update_user", project, user.id, ManagementProjectsUsersUpdateRoleRequestBody(role="ADMIN")).projects[project] == "ADMIN"
assert ok("list_users", project).total == 2
refused(400, "used_incorrect_role", "assign_user", project, ManagementProjectsUsersAssignRequestBody(id=user.id, role="BOSS"))
refused(400, "invalid_payload", "assign_user", project, ManagementProjectsUsersAssignRequestBody(id=user.id, login=login, role="USER"))
refused(404, "not_found", "assign_user", project, ManagementProjectsUsersAssignRequestBody(id="usr_1", role="USER"))
refused(400, "last_project", "unassign_user", project, user.id)
refused(400, "user_not_assigned", "unassign_user", second, user.id)
ok("assign_user", second, ManagementProjectsUsersAssignRequestBody.from_dict({"id": user.id, "role": "MERCHANT"}))
gone("unassign_user", project, user.id)
refused(404, "not_found", "get_user", project, user.id)
invite = {"email": "new@example.com", "first_name": "New", "last_name": "Person", "projects": {project: "USER"}}
gone("invite_user", ManagementProjectsUsersInviteCreateRequestBody.from_dict(invite))
assert ok("get_user", project, "new@example.com").last_name == "Person"
again = refused(409, "duplicate_found", "invite_user", ManagementProjectsUsersInviteCreateRequestBody.from_dict(invite))
assert (again["resource_id"], again["resource_type"]) == ("new@example.com", "user")
invite.update(email="other@example.com", projects={project: "BOSS"})
refused(400, "used_incorrect_role", "invite_user", ManagementProjectsUsersInviteCreateRequestBody.from_dict(invite))
invite["projects"] = {"proj_1": "USER"}
refused(404, "not_found", "invite_user", ManagementProjectsUsersInviteCreateRequestBody.from_dict(invite))

# Stacking rules: the default ones have no id.
rules = ok("list_stacking_rules", project)
assert rules.total == 1 and rules.data[0].id is None and rules.data[0].redeemables_limit == 30
rules = ok("create_stacking_rules", project, ManagementProjectsStackingRulesCreateRequestBody.from_dict({"redeemables_limit": 12}))
assert (rules.redeemables_limit, rules.applicable_redeemables_limit, rules.applicable_redeemables_per_category_limit) == (12, 5, 1)
refused(409, "stacking_rules_exist", "create_stacking_rules", project, ManagementProjectsStackingRulesCreateRequestBody())
update = ManagementProjectsStackingRulesUpdateRequestBody(redeemables_no_effect_rule="SKIP")
assert ok("update_stacking_rules", project, rules.id, update).redeemables_no_effect_rule == "SKIP"
assert ok("get_stacking_rules", project, rules.id).updated_at is not None
wrong = refused(400, "invalid_payload", "update_stacking_rules", project, rules.id,
                ManagementProjectsStackingRulesUpdateRequestBody(applicable_redeemables_limit=13))
assert ".applicable_redeemables_limit" in wrong["details"]
gone("delete_stacking_rules", project, rules.id)
assert ok("list_stacking_rules", project).data[0].id is None

# Metadata schemas.
text = {"type": "string", "optional": True, "array": False}
schema = ok("create_metadata_schema", project, ManagementProjectsMetadataSchemasCreateRequestBody(
    related_object="voucher", properties={"a": dict(text, eq=["x"]), "b": text}))
ok("create_metadata_schema", project, ManagementProjectsMetadataSchemasCreateRequestBody.from_dict(
    {"related_object": "address", "properties": {}}))
again = refused(409, "duplicate_found", "create_metadata_schema", project,
                ManagementProjectsMetadataSchemasCreateRequestBody(related_object="voucher", properties={}))
assert (again["resource_id"], again["resource_type"]) == ("voucher", "metadata schema")
assert [s.related_object for s in ok("list_metadata_schemas1", project).data] == ["address", "voucher"]
changed = ok("update_metadata_schema", project, schema.id, ManagementProjectsMetadataSchemasUpdateRequestBody.from_dict(
    {"properties": {"a": dict(text, deleted=True)}}))
assert changed.properties["a"]["deleted"] and "eq" not in changed.properties["a"] and changed.properties["b"]["type"] == "string"
assert ok("get_metadata_schema1", project, schema.id).object == "metadata_schema"
refused(400, "invalid_payload", "update_metadata_schema", project, schema.id,
        ManagementProjectsMetadataSchemasUpdateRequestBody(properties={"a": dict(text, type="number")}))
gone("delete_metadata_schema", project, schema.id)
ok("create_metadata_schema", project, ManagementProjectsMetadataSchemasCreateRequestBody(related_object="voucher", properties={}))

# Event schemas.
event = {"name": "bought", "schema": {"properties": {"at": {"type": "date", "optional": True}}}}
schema = ok("create_custom_event_schema", project, ManagementProjectsCustomEventSchemasCreateRequestBody.from_dict(event))
assert schema.object == "custom-event-schema" and schema.updated_at is None
again = refused(409, "duplicate_found", "create_custom_event_schema", project,
                ManagementProjectsCustomEventSchemasCreateRequestBody.from_dict(event))
assert again["resource_type"] == "custom_event_schema"
event["schema"]["properties"]["at"]["type"] = "string"
changed = ok("update_custom_event_schema", project, schema.id,
             ManagementProjectsCustomEventSchemasUpdateRequestBody.from_dict({"schema": event["schema"]}))
assert changed.var_schema.properties["at"]["type"] == "string" and changed.updated_at
assert ok("list_custom_event_schemas", project).total == 1
assert ok("get_custom_event_schema", project, schema.id).name == "bought"
gone("delete_custom_event_schema", project, schema.id)

# Webhooks.
hook = ok("create_webhook", project, ManagementProjectsWebhooksCreateRequestBody(
    target_url="https://example.com/a", events=["voucher.created", "campaign.vouchers.aded"]))
ok("create_webhook", project, ManagementProjectsWebhooksCreateRequestBody.from_dict(
    {"target_url": "https://example.com/a", "events": ["customer.created"], "active": False}))
assert [h.active for h in ok("list_webhooks", project).data] == [True, False]
changed = ok("update_webhook", project, hook.id, ManagementProjectsWebhooksUpdateRequestBody(events=["voucher.deleted"], active=False))
assert (changed.events, changed.active, changed.target_url) == (["voucher.deleted"], False, "https://example.com/a")
assert ok("get_webhook", project, hook.id).object == "webhook"
gone("delete_webhook", project, hook.id)
assert refused(404, "not_found", "get_webhook", project, hook.id)["resource_type"] == "webhook"

# Branding.
brand = {"brand": {"name": "Acme", "website_url": "acme.example"}, "contact": {"email": "hello@acme.example"},
         "address": {"street": "1 Main St", "city": "Ghent", "postal": "9000", "country": "Belgium"}}
assert ok("list_brands", project).total == 0
made_brand = ok("create_brand", project, ManagementProjectsBrandingCreateRequestBody.from_dict(brand))
assert made_brand.brand.permission_reminder and made_brand.address.state is None
refused(409, "branding_exist", "create_brand", project, ManagementProjectsBrandingCreateRequestBody.from_dict(brand))
changed = ok("update_brand", project, made_brand.id, ManagementProjectsBrandingUpdateRequestBody.from_dict({"contact": {"phone": "1"}}))
assert (changed.contact.phone, changed.contact.email, changed.brand.website_url) == ("1", "hello@acme.example", "acme.example")
assert ok("get_brand", project, made_brand.id).address.city == "Ghent" and ok("list_brands", project).total == 1
gone("delete_brand", project, made_brand.id)

# Campaign templates: made by an operation of the server's own, as the SDK has none.
path = f"{host}/management/v1/projects/{project}/templates/campaigns"
fields = {"X-Management-Id": key_id, "X-Management-Token": key}
assert ok("management_list_campaign_templates", project, starting_after_id=project).data == []
new = urllib3.request("POST", path, json={"name": "Spring", "campaign_type": "DISCOUNT_COUPONS"}, headers=fields).json()
found = ok("management_list_campaign_templates", project, limit=5, order="id", include_total=True)
assert [t.id for t in found.data] == [new["id"]] and found.total == 1 and not found.has_more
copy = ManagementProjectsTemplatesCampaignsCopyCreateRequestBody(name="Summer", destination_project_id=second)
assert ok("management_copy_campaign_template", project, new["id"], copy).name == "Summer"
again = refused(409, "duplicate_found", "management_copy_campaign_template", project, new["id"], copy)
assert again["resource_type"] == "campaign_template"

# The end.
gone("delete_project", second)
gone("delete_project", project)
assert ok("list_projects").total == 0
configuration.api_key["X-Management-Token"] = key[:-1] + ("a" if key[-1] != "a" else "b")
refused(401, "unauthorized", "list_projects")

operations = {name.removesuffix("_with_http_info") for name in dir(api) if name.endswith("_with_http_info")}
assert operations == ran, operations ^ ran
print(len(ran))
