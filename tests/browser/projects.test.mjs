// The parts of a project: a metadata schema with all that a definition may say, a webhook with its samples and its log, and a brand.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { heading, launch, signIn, visit } from "./browser.mjs";
import { OWNER, ownerOf, PASSWORD, startServer } from "./server.mjs";

let server;
let browser;
let owner;
let project;
let sink;
const received = [];
let status = 200;
before(async () => {
  sink = createServer((request, answer) => {
    let text = "";
    request.on("data", (part) => (text += part));
    request.on("end", () => {
      received.push(JSON.parse(text));
      answer.statusCode = status;
      answer.end("<b>noted</b>");
    });
  });
  await new Promise((listening) => sink.listen(0, "127.0.0.1", listening));
  const settings = { MGMT_WEBHOOKS__ALLOWED_NETWORKS: "127.0.0.0/8", MGMT_WEBHOOKS__ALLOW_HTTP: "true" };
  [server, browser] = await Promise.all([startServer({ settings }), launch()]);
  owner = await ownerOf(server.address);
  const body = { name: "Loyalty", timezone: "Europe/Berlin", currency: "EUR", case_sensitive_codes: true };
  project = await owner.post("/management/v1/projects", body);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  sink?.close();
});

async function enter(part) {
  const tab = await visit(browser, server.address, { expectErrors: [/status of 400/] });
  const page = await tab.page();
  await signIn(page, OWNER, PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.goto(`/projects/${project.id}/${part}`);
  await heading(page, "Loyalty").waitFor();
  return { tab, page };
}

const url = (part) => `/management/v1/projects/${project.id}/${part}`;

async function choose(page, dialog, type) {
  await dialog.getByRole("combobox", { name: "Type" }).last().click();
  await page.getByRole("option", { name: type, exact: true }).click();
}

test("a metadata schema is made with every kind of restriction, changed, and a field removed and restored", async () => {
  await owner.post(url("metadata-schemas"), { related_object: "address", properties: {} });
  const { tab, page } = await enter("metadata");
  await page.getByRole("button", { name: "New metadata schema" }).click();
  const dialog = page.getByRole("dialog", { name: "New metadata schema" });
  await dialog.getByRole("combobox", { name: "Object" }).fill("customer");
  const add = async (name, type) => {
    if (name !== "tier") await dialog.getByRole("button", { name: "Add field" }).click();
    await dialog.getByRole("textbox", { name: "Name" }).last().fill(name);
    await choose(page, dialog, type);
  };
  await add("tier", "Text");
  await dialog.getByRole("textbox", { name: "Fewest characters" }).fill("9");
  await dialog.getByRole("textbox", { name: "Most characters" }).fill("4");
  for (const value of ["gold", "silver"]) {
    await dialog.getByLabel("One of these values").fill(value);
    await page.keyboard.press("Enter");
  }
  await add("points", "Number");
  await dialog.getByRole("textbox", { name: "At least" }).fill("0.5");
  await dialog.getByRole("textbox", { name: "Less than" }).fill("100");
  await dialog.getByLabel("None of these values").fill("13");
  await page.keyboard.press("Enter");
  await dialog.getByRole("checkbox", { name: "List of values" }).last().check();
  await dialog.getByRole("checkbox", { name: "Optional" }).last().uncheck();
  await add("home", "Object");
  await dialog.getByRole("combobox", { name: "Schema of the object" }).fill("address");
  await page.keyboard.press("Escape");
  await dialog.getByRole("checkbox", { name: "Refuse fields that are not listed here" }).check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByRole("textbox", { name: "Most characters" }).and(page.locator("[aria-invalid=true]")).waitFor();
  await tab.check(page);
  await dialog.getByRole("textbox", { name: "Most characters" }).fill("12");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });

  const read = async () => (await owner.get(url("metadata-schemas"))).data.find((each) => each.related_object === "customer");
  const common = { deleted: false, object_type: null };
  assert.deepEqual((await read()).properties, {
    tier: { ...common, type: "string", optional: true, array: false, min_length: 9, max_length: 12, eq: ["gold", "silver"] },
    points: { ...common, type: "number", optional: false, array: true, ne: [13], gte: 0.5, lt: 100 },
    home: { ...common, type: "object", optional: true, array: false, object_type: "address" },
  });
  assert.equal((await read()).allow_defined_only, true);

  // A change of one field leaves the others; a removed field can be brought back.
  const change = async (act) => {
    await page.getByRole("button", { name: "Edit customer" }).click();
    const edit = page.getByRole("dialog", { name: "Edit customer" });
    await act(edit);
    await tab.check(page);
    await edit.getByRole("button", { name: "Save" }).click();
    await edit.waitFor({ state: "detached" });
  };
  await change(async (edit) => {
    await edit.getByRole("button", { name: /^points/ }).click();
    assert.equal(await edit.getByRole("textbox", { name: "Name" }).and(page.locator(":visible")).isDisabled(), true);
    await edit.getByRole("button", { name: "Remove points" }).click();
    await edit.getByRole("button", { name: /^tier/ }).click();
    await edit.getByRole("textbox", { name: "Fewest characters" }).fill("");
  });
  assert.equal((await read()).properties.points.deleted, true);
  assert.equal((await read()).properties.tier.min_length, undefined);
  assert.deepEqual((await read()).properties.tier.eq, ["gold", "silver"]);
  assert.equal((await read()).properties.home.object_type, "address");
  await change((edit) => edit.getByRole("button", { name: "Restore points" }).click());
  assert.deepEqual((await read()).properties.points.ne, [13]);
  assert.equal((await read()).properties.points.deleted, false);

  await page.getByRole("button", { name: "Delete customer" }).click();
  await page.getByRole("dialog", { name: "Delete this schema?" }).getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await read(), undefined);
  await tab.end();
});

test("an event schema is made with its attributes, changed, and an attribute removed and restored", async () => {
  const { tab, page } = await enter("events");
  await page.getByRole("button", { name: "New event schema" }).click();
  const dialog = page.getByRole("dialog", { name: "New event schema" });
  const attribute = async (name, type) => {
    await dialog.getByRole("textbox", { name: "Name" }).last().fill(name);
    await choose(page, dialog, type);
  };
  await attribute("score", "Number");
  await dialog.getByRole("group", { name: "score" }).getByRole("checkbox", { name: "Optional" }).uncheck();
  await dialog.getByRole("button", { name: "Add field" }).click();
  await attribute("score", "Date");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("Another field has this name.").waitFor();
  await dialog.getByRole("textbox", { name: "Name" }).last().fill("day");
  await dialog.getByRole("button", { name: "Save" }).click();
  // The server wants a name, and says so at the field.
  await dialog.getByRole("textbox", { name: "Event" }).and(page.locator("[aria-invalid=true]")).waitFor();
  await tab.check(page);
  await dialog.getByRole("textbox", { name: "Event" }).fill("quiz_finished");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  const read = async () => (await owner.get(url("custom-event-schemas"))).data.find(({ name }) => name === "quiz_finished");
  assert.deepEqual((await read()).schema.properties, {
    score: { type: "number", optional: false, deleted: false },
    day: { type: "date", optional: true, deleted: false },
  });

  // The type of an attribute may change, and what is removed can be brought back.
  const change = async (act) => {
    await page.getByRole("button", { name: "Edit quiz_finished" }).click();
    const edit = page.getByRole("dialog", { name: "Edit quiz_finished" });
    await act(edit);
    await tab.check(page);
    await edit.getByRole("button", { name: "Save" }).click();
    await edit.waitFor({ state: "detached" });
  };
  await change(async (edit) => {
    await edit.getByRole("group", { name: "day" }).getByRole("combobox", { name: "Type" }).click();
    await page.getByRole("option", { name: "Date and time" }).click();
    await edit.getByRole("button", { name: "Remove score" }).click();
  });
  assert.deepEqual((await read()).schema.properties, {
    score: { type: "number", optional: false, deleted: true },
    day: { type: "datetime", optional: true, deleted: false },
  });
  await change((edit) => edit.getByRole("button", { name: "Restore score" }).click());
  assert.equal((await read()).schema.properties.score.deleted, false);

  await page.getByRole("button", { name: "Delete quiz_finished" }).click();
  await page.getByRole("dialog", { name: "Delete this schema?" }).getByRole("button", { name: "Delete" }).click();
  await page.getByText("No event schemas yet").waitFor();
  assert.equal(await read(), undefined);
  await tab.end();
});

test("a webhook gets the sample that was picked; its log is filtered and what failed is sent again", async () => {
  const target = `http://127.0.0.1:${sink.address().port}/in`;
  const { tab, page } = await enter("webhooks");
  await page.getByRole("button", { name: "New webhook" }).click();
  const dialog = page.getByRole("dialog", { name: "New webhook" });
  await dialog.getByLabel("Address").fill(target);
  await dialog.getByRole("combobox", { name: "Events" }).fill("voucher.pub");
  await page.getByRole("option", { name: "voucher.published" }).click();
  await page.keyboard.press("Escape");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });

  const send = async (type) => {
    await page.getByRole("button", { name: `Actions for ${target}` }).click();
    await page.getByRole("menuitem", { name: "Send test" }).click();
    const test = page.getByRole("dialog", { name: "Send a test" });
    await test.getByRole("combobox", { name: "Event" }).fill(type);
    await page.getByRole("option", { name: type, exact: true }).click();
    await tab.check(page);
    await test.getByRole("button", { name: "Send test" }).click();
    await test.waitFor({ state: "detached" });
  };
  await send("customer.created");
  const log = page.getByRole("region", { name: `Sent to ${target}` });
  const row = (type, state) => log.getByRole("row").filter({ hasText: type }).filter({ hasText: state });
  await row("customer.created", "Succeeded").waitFor({ timeout: 30_000 });
  assert.equal(received.at(-1).type, "customer.created");
  status = 500;
  await send("voucher.published");
  await row("voucher.published", "Failed, tried again").waitFor({ timeout: 30_000 });

  await log.getByLabel("Status").selectOption("Failed, tried again");
  await row("customer.created", "Succeeded").waitFor({ state: "detached" });
  await log.getByRole("button", { name: "1 attempt of voucher.published" }).click();
  const attempts = page.getByRole("dialog", { name: "Attempts of voucher.published" });
  await attempts.getByText("<b>noted</b>").first().waitFor();
  await tab.check(page);
  await attempts.getByRole("button", { name: "Close" }).click();
  status = 200;
  const before = received.length;
  await log.getByRole("button", { name: "Send again: voucher.published" }).click();
  await log.getByLabel("Status").selectOption("Succeeded");
  await row("voucher.published", "Succeeded").waitFor({ timeout: 30_000 });
  assert.ok(received.length > before);
  await tab.end();
});

test("a brand is made and deleted", async () => {
  const { tab, page } = await enter("branding");
  const fill = { Name: "Acme Loyalty", Street: "Speicherstraße 12", City: "Hamburg", Country: "Germany", Email: "hello@acme.example" };
  for (const [label, text] of Object.entries(fill)) await page.getByLabel(label, { exact: false }).first().fill(text);
  await page.getByRole("main").getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Delete brand" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete the brand?" });
  await tab.check(page);
  assert.equal((await owner.get(url("branding"))).data[0].brand.name, "Acme Loyalty");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("This project has no brand yet.").waitFor();
  assert.deepEqual((await owner.get(url("branding"))).data, []);
  await tab.end();
});
