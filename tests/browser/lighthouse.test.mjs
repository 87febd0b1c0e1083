// What Lighthouse says of the keys page's accessibility. Its performance is a timing: `make lighthouse` prints it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { failures, measure } from "./lighthouse.mjs";

test("the keys page is accessible, says Lighthouse", async () => {
  const { phone } = await measure({ devices: ["phone"], categories: ["accessibility"] });
  assert.equal(phone.address, "/keys", "it looked at another page");
  assert.ok(phone.scores.accessibility >= 90, `${phone.scores.accessibility}: ${failures(phone, "accessibility").join(", ")}`);
});
