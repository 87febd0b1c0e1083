// A shipment as the form holds it: texts and numbers that may be empty. What is empty is left out of what is sent.
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { asLabelType, asLengthUnit, asWeightUnit } from "../../shared/wire";
import {
  type CommodityValues,
  type CustomsValues,
  commodityFaults,
  commodityOf,
  customsOf,
  type OptionValues,
  type Pair,
  type PayerValues,
  pairFaults,
  pairsOf,
  paymentOf,
  said,
} from "./extras";

const words = strings.shipments.form;

export interface Party {
  person_name: string;
  company_name: string;
  address_line1: string;
  address_line2: string;
  postal_code: string;
  city: string;
  state_code: string;
  country_code: string;
  phone_number: string;
  email: string;
  federal_tax_id: string;
  state_tax_id: string;
  residential: boolean;
  /** Data of the sender's own. */
  meta: Pair[];
}

type Amount = number | string;

export interface ParcelValues {
  /** Tells parcels apart while they move up. */
  key: number;
  weight: Amount;
  weight_unit: string;
  length: Amount;
  width: Amount;
  height: Amount;
  dimension_unit: string;
  content: string;
  reference_number: string;
  items: CommodityValues[];
}

export type Values = {
  shipper: Party;
  recipient: Party;
  parcels: ParcelValues[];
  reference: string;
  order_id: string;
  shipment_date: string;
  /** Bought at once; the rates are compared first when it is empty. */
  service: string;
  label_type: string;
  return_address: Party | null;
  billing_address: Party | null;
  customs: CustomsValues | null;
  payment: PayerValues | null;
  metadata: Pair[] | null;
  /** Options, and what is rated. */
  more: OptionValues | null;
};

/** The addresses of a shipment; it has the first two always. */
export type PartyName = "shipper" | "recipient" | "return_address" | "billing_address";

export const NOBODY: Party = {
  person_name: "",
  company_name: "",
  address_line1: "",
  address_line2: "",
  postal_code: "",
  city: "",
  state_code: "",
  country_code: "",
  phone_number: "",
  email: "",
  federal_tax_id: "",
  state_tax_id: "",
  residential: false,
  meta: [],
};

let made = 0;

/** Another parcel, in the units of the one before. */
export function emptyParcel(like?: ParcelValues): ParcelValues {
  made += 1;
  const { weight_unit = "KG", dimension_unit = "CM" } = like ?? {};
  const empty = { weight: "", length: "", width: "", height: "", content: "", reference_number: "" };
  return { key: made, ...empty, weight_unit, dimension_unit, items: [] };
}

export function fresh(): Values {
  return {
    shipper: { ...NOBODY },
    recipient: { ...NOBODY },
    parcels: [emptyParcel()],
    reference: "",
    order_id: "",
    shipment_date: "",
    service: "",
    label_type: "PDF",
    return_address: null,
    billing_address: null,
    customs: null,
    payment: null,
    metadata: null,
    more: null,
  };
}

/** The organization's address as a sender. */
export function senderOf({ name, address }: Pick<Schema<"OrganizationView">, "name" | "address">): Party {
  const said = (address ?? {}) as Record<string, unknown>;
  const text = (field: string) => (typeof said[field] === "string" ? (said[field] as string) : "");
  return {
    ...NOBODY,
    company_name: name,
    address_line1: text("street1"),
    address_line2: text("street2"),
    postal_code: text("postal_code"),
    city: text("city"),
    state_code: text("state_code"),
    country_code: text("country_code"),
  };
}

function addressOf({ country_code, meta, ...rest }: Party): Schema<"AddressDraft"> {
  return { country_code: country_code.trim().toUpperCase(), ...said({ ...rest }), ...named("meta", meta) };
}

/** Pairs as an object under a name; nothing where there are none. */
function named(name: string, pairs: readonly Pair[]): Record<string, object> {
  const object = pairsOf(pairs);
  return Object.keys(object).length > 0 ? { [name]: object } : {};
}

function parcelOf(parcel: ParcelValues): Schema<"ParcelDraft"> {
  const { length, width, height } = parcel;
  const sides = Object.entries({ length, width, height }).filter(([, side]) => side !== "");
  const texts = Object.entries({ content: parcel.content.trim(), reference_number: parcel.reference_number.trim() });
  return {
    weight: Number(parcel.weight),
    weight_unit: asWeightUnit(parcel.weight_unit),
    ...Object.fromEntries(sides.map(([name, side]) => [name, Number(side)])),
    ...(sides.length > 0 ? { dimension_unit: asLengthUnit(parcel.dimension_unit) } : {}),
    ...Object.fromEntries(texts.filter(([, text]) => text !== "")),
    ...(parcel.items.length > 0 ? { items: parcel.items.map(commodityOf) } : {}),
  };
}

function extrasOf({
  return_address,
  billing_address,
  customs,
  payment,
  metadata,
  more,
}: Values): Partial<Schema<"ShipmentDraft">> {
  return {
    ...(return_address ? { return_address: addressOf(return_address) } : {}),
    ...(billing_address ? { billing_address: addressOf(billing_address) } : {}),
    ...(customs ? { customs: customsOf(customs) } : {}),
    ...(payment ? { payment: paymentOf(payment) } : {}),
    ...named("metadata", metadata ?? []),
    ...(more?.services.length ? { services: more.services } : {}),
    ...(more?.carrier_ids.length ? { carrier_ids: more.carrier_ids } : {}),
    ...(more?.is_return ? { is_return: true } : {}),
  };
}

/** What is sent. */
export function draftOf(values: Values): Schema<"ShipmentDraft"> {
  const { reference, order_id, service, shipment_date, more } = values;
  const options = { ...pairsOf(more?.pairs ?? []), ...said({ shipment_date }) };
  return {
    shipper: addressOf(values.shipper),
    recipient: addressOf(values.recipient),
    parcels: values.parcels.map(parcelOf),
    label_type: asLabelType(values.label_type),
    ...said({ reference, order_id, service }),
    ...(Object.keys(options).length > 0 ? { options } : {}),
    ...extrasOf(values),
  };
}

/** What the form itself sees before anything is sent; the server decides about the rest. */
export function faultsOf(values: Values): Record<string, string> {
  const { shipper, recipient, return_address, billing_address, parcels, customs, metadata, more } = values;
  const faults: Record<string, string> = {};
  for (const [name, party] of Object.entries({ shipper, recipient, return_address, billing_address })) {
    if (!party) continue;
    if (!/^[A-Za-z]{2}$/.test(party.country_code.trim())) faults[`${name}.country_code`] = words.needsCountry;
    Object.assign(faults, pairFaults(`${name}.meta`, party.meta));
  }
  for (const [index, { weight, items }] of parcels.entries()) {
    if (!(Number(weight) > 0)) faults[`parcels.${index}.weight`] = words.needsWeight;
    Object.assign(faults, commodityFaults(`parcels.${index}.items`, items));
  }
  return {
    ...faults,
    ...commodityFaults("customs.commodities", customs?.commodities ?? []),
    ...pairFaults("metadata", metadata ?? []),
    ...pairFaults("more.pairs", more?.pairs ?? []),
  };
}
