// Holds deliveries to the reference verifier of Standard Webhooks. Reads JSON lines {secret, headers, body} from standard input;
// every one must be accepted as it is, and refused with one byte of body, id, timestamp or signature flipped.
import { createInterface } from "node:readline";
import { Webhook } from "standardwebhooks";

const accepts = (secret, body, headers) => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
};

const flip = (text, at) => text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);

// Another one of the same form: one symbol of the base64 is replaced.
const alterSignature = (text) => text.slice(0, 8) + (text[8] !== "A" ? "A" : "B") + text.slice(9);

let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  if (!accepts(secret, body, headers)) throw new Error(`refused: ${line}`);
  const wrong = [
    [flip(body, body.length >> 1), headers],
    [body, { ...headers, "webhook-id": flip(headers["webhook-id"], 10) }],
    [body, { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + 1) }],
    [body, { ...headers, "webhook-signature": headers["webhook-signature"].split(" ").map(alterSignature).join(" ") }],
  ];
  for (const [b, h] of wrong) if (accepts(secret, b, h)) throw new Error(`accepted an altered one: ${line}`);
  count += 1;
}
console.log(count);
