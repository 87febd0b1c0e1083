import { caller } from "../server.mjs";

const sender = {
  person_name: "Versand",
  company_name: "Acme Logistics",
  address_line1: "Speicherstraße 12",
  city: "Hamburg",
  postal_code: "20457",
  country_code: "DE",
};

const people = [
  ["Nina Albrecht", "Lindenweg 4", "Leipzig", "04109", "DE"],
  ["Paul Moreau", "8 rue des Lilas", "Lyon", "69003", "FR"],
  ["Sofia Rossi", "Via Roma 21", "Torino", "10121", "IT"],
  ["Erik Lund", "Storgatan 3", "Malmö", "21142", "SE"],
  ["Katja Novak", "Hauptplatz 9", "Graz", "8010", "AT"],
];

/** Shipments: drafts, purchases with their trackers, and one that was cancelled. */
export async function seed({ address, shipping }) {
  const api = caller(address, shipping.key);
  const shipments = [];
  for (const [index, [person_name, address_line1, city, postal_code, country_code]] of people.entries()) {
    const shipment = await api.post("/v1/shipments", {
      shipper: sender,
      recipient: { person_name, address_line1, city, postal_code, country_code },
      parcels: [{ weight: (8 + index * 13) / 10, weight_unit: "KG", length: 30, width: 20, height: 12, dimension_unit: "CM" }],
      reference: `SO-2041${index}`,
    });
    const [rate] = shipment.rates ?? [];
    if (rate && index < 3) await api.post(`/v1/shipments/${shipment.id}/purchase`, { selected_rate_id: rate.id });
    if (index === 4) await api.post(`/v1/shipments/${shipment.id}/cancel`);
    shipments.push(shipment);
  }
  return { shipments };
}
