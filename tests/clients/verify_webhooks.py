"""Holds deliveries to the reference verifier of Standard Webhooks. Reads JSON lines {secret, headers, body} from standard input;
every one must be accepted as it is, and refused with one byte of body, id, timestamp or signature flipped."""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError


def accepts(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


def flip(text, at):
    return text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]


def alter_signature(text):
    """Another one of the same form: one symbol of the base64 is replaced."""
    return text[:8] + ("A" if text[8] != "A" else "B") + text[9:]


count = 0
for line in sys.stdin:
    one = json.loads(line)
    secret, headers, body = one["secret"], one["headers"], one["body"]
    assert accepts(secret, body, headers), f"refused: {line}"
    signatures = " ".join(alter_signature(signature) for signature in headers["webhook-signature"].split(" "))
    for altered_body, altered_headers in [
        (flip(body, len(body) // 2), headers),
        (body, {**headers, "webhook-id": flip(headers["webhook-id"], 10)}),
        (body, {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
        (body, {**headers, "webhook-signature": signatures}),
    ]:
        assert not accepts(secret, altered_body, altered_headers), f"accepted an altered one: {line}"
    count += 1
print(count)
