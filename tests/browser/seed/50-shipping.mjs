import { caller } from "../server.mjs";

const sender = {
  person_name: "Versand",
  company_name: "Acme Logistics",
  address_line1: "Speicherstraße 12",
  city: "Hamburg",
  postal_code: "20457",
  country_code: "DE",
};

/** To whom, and how far the parcel has come: the statuses that its tracker went through; `null` is a draft. */
const orders = [
  ["Nina Albrecht", "Lindenweg 4", "Leipzig", "04109", "DE", ["picked_up", "in_transit", "out_for_delivery", "delivered"]],
  ["Paul Moreau", "8 rue des Lilas", "Lyon", "69003", "FR", ["picked_up", "in_transit"]],
  ["Sofia Rossi", "Via Roma 21", "Torino", "10121", "IT", ["picked_up", "in_transit", "on_hold"]],
  ["Erik Lund", "Storgatan 3", "Malmö", "21142", "SE", ["picked_up"]],
  ["Anna Wiśniewska", "ul. Długa 7", "Gdańsk", "80-827", "PL", ["picked_up", "in_transit", "out_for_delivery"]],
  ["Lars Jensen", "Nørregade 18", "Odense", "5000", "DK", ["picked_up", "in_transit", "delivery_failed"]],
  ["Mia de Vries", "Keizersgracht 210", "Amsterdam", "1016 DX", "NL", []],
  ["Katja Novak", "Hauptplatz 9", "Graz", "8010", "AT", null],
  ["Joana Costa", "Rua Augusta 40", "Lisboa", "1100-053", "PT", null],
];

const places = ["Hamburg", "Hannover", "Köln", "Basel"];

const sheet = {
  name: "Acme Parcel 2026",
  zones: [
    { id: "de", label: "Germany", country_codes: ["DE"], transit_days: 1 },
    { id: "near", label: "Neighbours", country_codes: ["AT", "DK", "FR", "NL", "PL"], transit_days: 3 },
    { id: "far", label: "Rest of Europe", country_codes: ["IT", "PT", "SE"], transit_days: 5 },
  ],
  surcharges: [
    { id: "fuel", name: "Fuel", amount: 7.5, surcharge_type: "percentage" },
    { id: "toll", name: "Road toll", amount: 0.19 },
  ],
  services: [
    { service_name: "Parcel", service_code: "parcel", currency: "EUR", zone_ids: ["de", "near", "far"], surcharge_ids: ["fuel", "toll"] },
    { service_name: "Express", service_code: "express", currency: "EUR", zone_ids: ["de", "near", "far"], surcharge_ids: ["fuel"] },
  ],
  service_rates: [2, 5, 10, 31.5].flatMap((max_weight, band, all) =>
    ["de", "near", "far"].flatMap((zone_id, zone) => {
      const min_weight = band === 0 ? 0 : all[band - 1];
      const rate = (base, step) => Math.round((base + zone * step + band * (1.6 + zone)) * 100) / 100;
      return [
        { service_code: "parcel", zone_id, min_weight, max_weight, rate: rate(4.49, 5.3) },
        { service_code: "express", zone_id, min_weight, max_weight, rate: rate(11.9, 9.2) },
      ];
    }),
  ),
};

/** The draft that tells more than most. */
const DECLARED = 7;
const declared = {
  metadata: { channel: "web shop", invoice_sent: true },
  billing_address: { company_name: "Acme Holding SE", address_line1: "Am Sandtorkai 30", city: "Hamburg", postal_code: "20457", country_code: "DE" },
  customs: {
    content_type: "merchandise",
    incoterm: "DAP",
    invoice: "RE-2026-0417",
    signer: "Ana Silva",
    duty: { paid_by: "recipient", currency: "EUR", declared_value: 148.5 },
    commodities: [
      { title: "Espresso cups, set of six", quantity: 3, weight: 0.9, weight_unit: "KG", value_amount: 42.5, value_currency: "EUR", origin_country: "PT", hs_code: "6912.00" },
      { title: "Coffee, 500 g", quantity: 2, weight: 0.5, weight_unit: "KG", value_amount: 10.5, value_currency: "EUR", origin_country: "DE", hs_code: "0901.21" },
    ],
  },
};

/** A rate sheet, and shipments in every state with their trackers. */
export async function seed({ address, shipping, owner }) {
  const rateSheet = await owner.post("/v1/management/rate-sheets", sheet);
  const api = caller(address, shipping.key);
  const shipments = [];
  for (const [index, [person_name, address_line1, city, postal_code, country_code, way]] of orders.entries()) {
    const draft = await api.post("/v1/shipments", {
      shipper: sender,
      recipient: { person_name, address_line1, city, postal_code, country_code },
      parcels: [{ weight: (8 + index * 13) / 10, weight_unit: "KG", length: 30, width: 20, height: 12, dimension_unit: "CM" }],
      reference: `SO-2041${index}`,
      ...(index === DECLARED ? declared : {}),
    });
    const rate = draft.rates.find(({ service }) => service === (index % 3 === 1 ? "express" : "parcel"));
    const shipment = way ? await api.post(`/v1/shipments/${draft.id}/purchase`, { selected_rate_id: rate.id }) : draft;
    shipments.push(shipment);
    for (const [step, status] of (way ?? []).entries()) {
      const timestamp = new Date(Date.now() - (way.length - step) * 9 * 3_600_000).toISOString();
      const event = { timestamp, status, description: said(status), location: step === way.length - 1 ? city : places[step] };
      await api.post(`/v1/trackers/${shipment.tracker_id}/inject-events`, { events: [event], status });
    }
  }
  await api.post(`/v1/shipments/${shipments.at(-1).id}/cancel`);
  return { shipments, rateSheet };
}

function said(status) {
  const words = status.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}
