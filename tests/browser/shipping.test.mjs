// A parcel on its way through the pages: a shipment is made, its faults are shown at their fields, its label is bought and downloaded, its tracker
// moves, and another one is cancelled.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { heading, launch, PHONE, signIn, visit } from "./browser.mjs";
import { caller, OWNER, ownerOf, PASSWORD, startServer } from "./server.mjs";

let server;
let browser;
let key;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
  const owner = await ownerOf(server.address);
  const me = (await owner.get("/api/auth/me")).data;
  await owner.patch(`/v1/management/organizations/${me.organization.id}`, {
    address: { street1: "Speicherstraße 12", city: "Hamburg", postal_code: "20457", country_code: "DE" },
  });
  const scopes = ["shipments:read", "shipments:write", "rates:read", "trackers:read", "trackers:write"];
  key = (await owner.post("/api/api-keys", { name: "Shipping", scopes, environment: "test" })).data.key;
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Signs in, and opens a page of shipping with the key. */
async function enter(options) {
  const tab = await visit(browser, server.address, { ...options, expectErrors: [/status of 400/] });
  const page = await tab.page();
  await signIn(page, OWNER, PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.goto("/shipping/shipments");
  await page.getByLabel("API key").first().fill(key);
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.getByRole("link", { name: "New shipment" }).waitFor();
  return { tab, page };
}

const region = (page, name) => page.getByRole("region", { name, exact: true });

async function fillRecipient(page, { person, postalCode = "04109" }) {
  const to = region(page, "To");
  await to.getByLabel("Person").fill(person);
  await to.getByLabel("Street and number").fill("Lindenweg 4");
  await to.getByLabel("City").fill("Leipzig");
  await to.getByLabel("Postal code").fill(postalCode);
  await to.getByLabel("Country").fill("de");
}

const BEGINNINGS = { PDF: "%PDF-", PNG: "\x89PNG\r\n", ZPL: "^XA" };

test("a shipment is made, bought, and its label downloaded; its tracker moves", async () => {
  const { tab, page } = await enter({ acceptDownloads: true });
  await page.getByRole("link", { name: "New shipment" }).click();
  await heading(page, "New shipment").waitFor();
  await tab.check(page);

  // What the form knows itself is said before anything is sent.
  await page.getByRole("button", { name: "Make draft and show rates" }).click();
  await page.getByText("Enter the two letters of a country.").first().waitFor();
  await page.getByRole("button", { name: "Use our address" }).click();
  assert.equal(await region(page, "From").getByLabel("City").inputValue(), "Hamburg");

  // What the server finds is shown at the field that it is about: in parcels as well.
  const name = "<img src=x onerror=alert(1)> Nina";
  await fillRecipient(page, { person: name });
  const parcels = region(page, "Parcels");
  await parcels.getByRole("group", { name: "Parcel 1" }).getByRole("textbox", { name: "Weight" }).fill("2.5");
  await parcels.getByRole("button", { name: "Add parcel" }).click();
  const second = parcels.getByRole("group", { name: "Parcel 2" });
  await second.getByRole("textbox", { name: "Weight" }).fill("1");
  await second.getByRole("textbox", { name: "Length" }).fill("30");
  await region(page, "Details").getByLabel("Reference").fill("SO-77001");
  await page.getByRole("button", { name: "Make draft and show rates" }).click();
  await second.getByRole("textbox", { name: "Width" }).and(page.locator("[aria-invalid=true]")).waitFor();
  assert.equal(await second.getByRole("textbox", { name: "Height" }).getAttribute("aria-invalid"), "true");
  assert.equal(await parcels.getByRole("group", { name: "Parcel 1" }).locator("[aria-invalid=true]").count(), 0);
  await tab.check(page);
  await second.getByRole("textbox", { name: "Width" }).fill("20");
  await second.getByRole("textbox", { name: "Height" }).fill("10");
  await page.getByRole("button", { name: "Make draft and show rates" }).click();

  await heading(page, "Shipment SO-77001").waitFor();
  await page.getByText(name).first().waitFor();
  const address = new URL(page.url());
  const id = address.pathname.split("/").at(-1);
  const api = caller(server.address, key);
  const draft = await api.get(`/v1/shipments/${id}`);
  assert.equal(draft.status, "draft");
  assert.equal(draft.test_mode, true);
  assert.deepEqual(
    draft.parcels.map(({ weight, length, width, height }) => [weight, length, width, height]),
    [
      [2.5, null, null, null],
      [1, 30, 20, 10],
    ],
  );
  assert.deepEqual([draft.shipper.company_name, draft.shipper.country_code], ["Acme Logistics", "DE"]);

  await page.getByRole("button", { name: /^Buy / }).first().click();
  const dialog = page.getByRole("dialog", { name: "Buy this label?" });
  await tab.check(page);
  await dialog.getByRole("button", { name: "Buy" }).click();
  await dialog.waitFor({ state: "detached" });
  const bought = await api.get(`/v1/shipments/${id}`);
  assert.equal(bought.status, "created");
  for (const [format, beginning] of Object.entries(BEGINNINGS)) {
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: `Download ${format}` }).click();
    const file = await coming;
    assert.equal(file.suggestedFilename(), `label-${bought.tracking_number}.${format.toLowerCase()}`);
    assert.ok(readFileSync(await file.path()).toString("latin1").startsWith(beginning), `${format} is something else`);
  }
  await tab.check(page);

  // Its tracker takes an event of the test environment, and the shipment follows.
  await page.getByRole("link", { name: bought.tracking_number }).click();
  await heading(page, `Tracker ${bought.tracking_number}`).waitFor();
  await page.getByRole("button", { name: "Report events" }).click();
  const report = page.getByRole("dialog", { name: "Report an event" });
  await report.getByLabel("In words").fill("Left the depot");
  await report.getByRole("button", { name: "Report" }).click();
  await report.waitFor({ state: "detached" });
  await region(page, "Events").getByText("Left the depot").waitFor();
  assert.equal((await api.get(`/v1/shipments/${id}`)).status, "in_transit");
  await tab.end();
});

test("a parcel that crosses a border has customs, other addresses, a payer and options", async () => {
  const { tab, page } = await enter();
  await page.getByRole("link", { name: "New shipment" }).click();
  await page.getByRole("button", { name: "Use our address" }).click();
  const to = region(page, "To");
  for (const [label, text] of [["Person", "Nora Keller"], ["Street and number", "Seeweg 9"], ["City", "Zürich"], ["Postal code", "8001"], ["Country", "CH"]]) {
    await to.getByLabel(label).fill(text);
  }
  await page.getByRole("group", { name: "Parcel 1" }).getByRole("textbox", { name: "Weight" }).fill("3");
  await region(page, "Details").getByLabel("Reference").fill("SO-77003");
  // Each part has the focus when it is added, and gives it back when it is removed.
  const add = (part) => page.getByRole("button", { name: `Add ${part}` });
  await add("payment").click();
  await page.waitForFunction(() => document.activeElement?.closest("[aria-label=Payment]"));
  await page.getByRole("button", { name: "Remove payment" }).click();
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Add payment");
  for (const part of ["customs", "return address", "billing address", "payment", "options"]) await add(part).click();

  const customs = region(page, "Customs");
  await customs.getByRole("combobox", { name: "Why it is sent" }).click();
  await page.getByRole("option", { name: "Gift" }).click();
  await customs.getByRole("combobox", { name: "Terms of delivery" }).click();
  await page.getByRole("option", { name: "DAP", exact: true }).click();
  await customs.getByRole("combobox", { name: "Duty paid by" }).click();
  await page.getByRole("option", { name: "Recipient" }).click();
  await customs.getByLabel("Declared value").fill("41.5");
  await customs.getByLabel("Number of the invoice").fill("RE-9");
  await customs.getByLabel("The declaration is certified").check();
  const first = customs.getByRole("group", { name: "Commodity 1" });
  await first.getByLabel("Name of the goods").fill("Mug");
  await first.getByLabel("Quantity").fill("2");
  await first.getByLabel("Value of one").fill("12.25");
  await first.getByLabel("Currency").fill("eur");
  await first.getByLabel("Made in").fill("de");
  await customs.getByRole("button", { name: "Add commodity" }).click();
  const second = customs.getByRole("group", { name: "Commodity 2" });
  await second.getByLabel("Name of the goods").fill("Tea");
  await second.getByLabel("Weight of one").fill("0.25");
  await second.getByLabel("Made in").fill("qq");
  await region(page, "Return address").getByLabel("Company").fill("Returns Ltd");
  const bill = region(page, "Billing address");
  await bill.getByLabel("Company").fill("Parent Inc.");
  await bill.getByLabel("Country").fill("US");
  await bill.getByLabel("Postal code").fill("1");
  const payment = region(page, "Payment");
  await payment.getByLabel("Currency").fill("EU");
  await payment.getByLabel("Account with the carrier").fill("4711");
  const options = region(page, "Options");
  await options.getByLabel("Services to rate").fill("standard_service");
  await page.keyboard.press("Enter");
  await options.getByLabel("Name of option 1").fill("insurance");
  await options.getByLabel("Value of option 1").fill("12.5");
  await options.getByRole("button", { name: "Add option" }).click();
  await options.getByLabel("Value of option 2").fill("007");

  // What the form knows itself, and then what the server finds: each at its field, however deep.
  const submit = () => page.getByRole("button", { name: "Make draft and show rates" }).click();
  const wrong = (field) => field.and(page.locator("[aria-invalid=true]")).waitFor();
  await submit();
  for (const field of [
    first.getByLabel("Weight of one"),
    region(page, "Return address").getByLabel("Country"),
    options.getByLabel("Name of option 2"),
  ]) {
    await wrong(field);
  }
  await first.getByLabel("Weight of one").fill("0.4");
  await region(page, "Return address").getByLabel("Country").fill("AT");
  await options.getByLabel("Name of option 2").fill("depot");
  await submit();
  for (const field of [second.getByLabel("Made in"), bill.getByLabel("Postal code"), payment.getByLabel("Currency")]) {
    await wrong(field);
  }
  assert.equal(await first.locator("[aria-invalid=true]").count(), 0);
  await tab.check(page);
  await second.getByLabel("Made in").fill("lk");
  await bill.getByLabel("Postal code").fill("10001");
  await payment.getByLabel("Currency").fill("EUR");
  await submit();

  await heading(page, "Shipment SO-77003").waitFor();
  await region(page, "Customs").getByText("Mug").waitFor();
  await tab.check(page);
  const made = await caller(server.address, key).get(`/v1/shipments/${new URL(page.url()).pathname.split("/").at(-1)}`);
  const { customs: told } = made;
  assert.deepEqual(
    [told.content_type, told.incoterm, told.invoice, told.certify, told.duty.paid_by, told.duty.declared_value],
    ["gift", "DAP", "RE-9", true, "recipient", 41.5],
  );
  assert.deepEqual(
    told.commodities.map((each) => [each.title, each.quantity, each.weight, each.value_amount, each.value_currency, each.origin_country]),
    [
      ["Mug", 2, 0.4, 12.25, "EUR", "DE"],
      ["Tea", 1, 0.25, null, "EUR", "LK"],
    ],
  );
  assert.deepEqual([made.return_address.company_name, made.return_address.country_code], ["Returns Ltd", "AT"]);
  assert.deepEqual([made.billing_address.company_name, made.billing_address.postal_code], ["Parent Inc.", "10001"]);
  assert.deepEqual([made.payment.paid_by, made.payment.currency, made.payment.account_number], ["sender", "EUR", "4711"]);
  assert.deepEqual([made.options.insurance, made.options.depot], [12.5, "007"]);
  assert.deepEqual(made.services, ["standard_service"]);
  await tab.end();
});

test("a shipment has items in its parcels, and data of its sender's own", async () => {
  const { tab, page } = await enter({ viewport: PHONE });
  await page.getByRole("link", { name: "New shipment" }).click();
  await page.getByRole("button", { name: "Use our address" }).click();
  await fillRecipient(page, { person: "Mia de Vries" });
  await region(page, "Details").getByLabel("Reference").fill("SO-77004");
  const parcel = page.getByRole("group", { name: "Parcel 1", exact: true });
  await parcel.getByRole("textbox", { name: "Weight", exact: true }).fill("2");
  const focusIn = (label) => page.waitForFunction((name) => document.activeElement?.closest("fieldset")?.querySelector("legend")?.textContent === name, label);
  const addItem = parcel.getByRole("button", { name: "Add item to parcel 1" });
  await addItem.click();
  await focusIn("Item 1 in parcel 1");
  await addItem.click();
  await focusIn("Item 2 in parcel 1");
  const item = (number) => page.getByRole("group", { name: `Item ${number} in parcel 1` });
  await item(1).getByLabel("Name of the goods").fill("Mug");
  await item(1).getByLabel("Quantity").fill("3");
  await item(1).getByLabel("Your number of it").fill("MUG-1");
  await item(1).getByLabel("Made in").fill("qq");
  // What is removed gives the focus to the button that adds another.
  await page.getByRole("button", { name: "Remove item 2 from parcel 1" }).click();
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Add item to parcel 1");

  const to = region(page, "To");
  await to.getByRole("button", { name: "Add your own data" }).click();
  await to.getByLabel("Value of field 1").fill("ring twice");
  await page.getByRole("button", { name: "Add metadata" }).click();
  const metadata = region(page, "Metadata");
  await metadata.getByLabel("Name of field 1").fill("channel");
  await metadata.getByLabel("Value of field 1").fill("shop");
  for (const [index, value] of ["x".repeat(400), "42", "<img src=x onerror=alert(1)>"].entries()) {
    await metadata.getByRole("button", { name: "Add your own data" }).click();
    await metadata.getByLabel(`Name of field ${index + 2}`).fill(["channel", "boxes", "note"][index]);
    await metadata.getByLabel(`Value of field ${index + 2}`).fill(value);
  }
  const submit = () => page.getByRole("button", { name: "Make draft and show rates" }).click();
  const wrong = (field) => field.and(page.locator("[aria-invalid=true]")).waitFor();
  await submit();
  for (const field of [item(1).getByLabel("Weight of one"), to.getByLabel("Name of field 1"), metadata.getByLabel("Name of field 2")]) await wrong(field);
  await item(1).getByLabel("Weight of one").fill("0.4");
  await to.getByLabel("Name of field 1").fill("door");
  await metadata.getByLabel("Name of field 2").fill("hint");
  await submit();
  await wrong(item(1).getByLabel("Made in"));
  await tab.check(page);
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(width <= 0, `the form is ${width} pixels too wide`);
  await item(1).getByLabel("Made in").fill("pt");

  // More than the server keeps: it says so where the data is.
  for (let index = 5; index <= 22; index++) {
    await metadata.getByRole("button", { name: "Add your own data" }).click();
    await metadata.getByLabel(`Name of field ${index}`, { exact: true }).fill(`field ${index}`);
    await metadata.getByLabel(`Value of field ${index}`, { exact: true }).fill("y".repeat(480));
  }
  await submit();
  await wrong(metadata.getByLabel("Name of field 1", { exact: true }));
  for (let index = 22; index >= 5; index--) await metadata.getByRole("button", { name: `Remove field field ${index}`, exact: true }).click();
  await submit();

  await heading(page, "Shipment SO-77004").waitFor();
  await page.getByText("3 × Mug").waitFor();
  await region(page, "Addresses").getByText("door: ring twice").waitFor();
  await region(page, "Metadata").getByText("<img src=x onerror=alert(1)>").waitFor();
  await tab.check(page);
  const made = await caller(server.address, key).get(`/v1/shipments/${new URL(page.url()).pathname.split("/").at(-1)}`);
  assert.deepEqual(
    made.parcels[0].items.map((each) => [each.title, each.quantity, each.weight, each.sku, each.origin_country]),
    [["Mug", 3, 0.4, "MUG-1", "PT"]],
  );
  assert.deepEqual(made.recipient.meta, { door: "ring twice" });
  assert.deepEqual(made.shipper.meta, {});
  assert.deepEqual(made.metadata, { channel: "shop", hint: "x".repeat(400), boxes: 42, note: "<img src=x onerror=alert(1)>" });
  await tab.end();
});

test("on a phone: a service is bought at once, and the shipment cancelled", async () => {
  const { tab, page } = await enter({ viewport: PHONE });
  await page.getByRole("link", { name: "New shipment" }).click();
  await page.getByRole("button", { name: "Use our address" }).click();
  await fillRecipient(page, { person: "Erik Lund" });
  await page.getByRole("group", { name: "Parcel 1" }).getByRole("textbox", { name: "Weight" }).fill("1");
  const details = region(page, "Details");
  await details.getByLabel("Reference").fill("SO-77002");
  await details.getByLabel("Service").fill("no_such_service");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Buy label" }).click();
  await details.getByLabel("Service").and(page.locator("[aria-invalid=true]")).waitFor();
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(width <= 0, `the form is ${width} pixels too wide`);
  await tab.check(page);
  await details.getByLabel("Service").fill("standard_service");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Buy label" }).click();
  await heading(page, "Shipment SO-77002").waitFor();
  await page.getByRole("button", { name: "Download PDF" }).waitFor();
  await page.getByRole("button", { name: "Cancel shipment" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel shipment" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const api = caller(server.address, key);
  const id = new URL(page.url()).pathname.split("/").at(-1);
  assert.equal((await api.get(`/v1/shipments/${id}`)).status, "cancelled");
  // The page asks for the shipment anew.
  await page.getByRole("button", { name: "Cancel shipment" }).and(page.locator("[aria-disabled=true]")).waitFor();
  await tab.end();
});

test("a parcel of another carrier is followed", async () => {
  const { tab, page } = await enter();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Trackers" }).click();
  await page.getByRole("button", { name: "New tracker" }).click();
  const dialog = page.getByRole("dialog", { name: "Follow a parcel" });
  await dialog.getByLabel("Tracking number").fill("1Z/9");
  await dialog.getByLabel("Carrier").fill("D H L");
  await dialog.getByRole("button", { name: "Follow" }).click();
  for (const label of ["Tracking number", "Carrier"]) {
    await dialog.getByLabel(label).and(page.locator("[aria-invalid=true]")).waitFor();
  }
  await tab.check(page);
  await dialog.getByLabel("Tracking number").fill("1Z999AA10123456784");
  await dialog.getByLabel("Carrier").fill("ups");
  await dialog.getByRole("button", { name: "Follow" }).click();
  await heading(page, "Tracker 1Z999AA10123456784").waitFor();
  const api = caller(server.address, key);
  assert.equal((await api.get("/v1/trackers/1Z999AA10123456784")).carrier_name, "ups");
  await tab.end();
});
