// The parts of a shipment that most have not: another two addresses, customs, payment, and options. Each is `null` until somebody adds it.
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { asWeightUnit } from "../../shared/wire";

const words = strings.shipments.form;

type Amount = number | string;

export interface CommodityValues {
  /** Tells commodities apart while they move up. */
  key: number;
  title: string;
  description: string;
  quantity: Amount;
  weight: Amount;
  weight_unit: string;
  value_amount: Amount;
  value_currency: string;
  hs_code: string;
  sku: string;
  origin_country: string;
}

export interface PayerValues {
  paid_by: string;
  currency: string;
  account_number: string;
}

export interface CustomsValues {
  commodities: CommodityValues[];
  content_type: string;
  content_description: string;
  incoterm: string;
  duty: PayerValues & { declared_value: Amount };
  invoice: string;
  invoice_date: string;
  signer: string;
  commercial_invoice: boolean;
  certify: boolean;
}

/** A name and what it is set to, as typed. */
export interface Pair {
  key: number;
  name: string;
  value: string;
}

export interface OptionValues {
  pairs: Pair[];
  services: string[];
  carrier_ids: string[];
  is_return: boolean;
}

export const PAYERS: readonly string[] = ["sender", "recipient", "third_party"] satisfies Schema<"PaidBy">[];
export const CONTENT_TYPES: readonly string[] = [
  "merchandise",
  "documents",
  "gift",
  "sample",
  "return_merchandise",
  "other",
] satisfies Schema<"ContentType">[];
export const INCOTERMS: readonly string[] = [
  "CFR",
  "CIF",
  "CIP",
  "CPT",
  "DAF",
  "DAP",
  "DAT",
  "DDP",
  "DDU",
  "DEQ",
  "DES",
  "DPU",
  "EXW",
  "FAS",
  "FCA",
  "FOB",
] satisfies Schema<"Incoterm">[];

let made = 0;

/** Another commodity, in the units of the one before. */
export function emptyCommodity(like?: CommodityValues): CommodityValues {
  made += 1;
  const { weight_unit = "KG", value_currency = "", origin_country = "" } = like ?? {};
  const empty = { title: "", description: "", quantity: 1, weight: "", value_amount: "", hs_code: "", sku: "" };
  return { key: made, ...empty, weight_unit, value_currency, origin_country };
}

export function emptyPair(): Pair {
  made += 1;
  return { key: made, name: "", value: "" };
}

export const noPayment = (): PayerValues => ({ paid_by: "sender", currency: "", account_number: "" });

export function noCustoms(): CustomsValues {
  return {
    commodities: [emptyCommodity()],
    content_type: "merchandise",
    content_description: "",
    incoterm: "",
    duty: { ...noPayment(), declared_value: "" },
    invoice: "",
    invoice_date: "",
    signer: "",
    commercial_invoice: false,
    certify: false,
  };
}

export const noOptions = (): OptionValues => ({
  pairs: [emptyPair()],
  services: [],
  carrier_ids: [],
  is_return: false,
});

/** What is said at all: texts without blanks around them, numbers, and what is ticked. */
export function said(fields: Record<string, Amount | boolean>): Record<string, unknown> {
  const trimmed = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "string" ? value.trim() : value,
  ]);
  return Object.fromEntries(trimmed.filter(([, value]) => value !== "" && value !== false));
}

/** Codes are in capitals, however they are typed. */
const code = (text: string) => text.trim().toUpperCase();
/** Number fields hold a text while nothing is in them. */
const amount = (value: Amount): Amount => (value === "" ? "" : Number(value));

export function commodityOf({ key: _, ...commodity }: CommodityValues): Schema<"CommodityDraft"> {
  const { weight, weight_unit, quantity, value_amount, value_currency, origin_country, ...texts } = commodity;
  return {
    ...said({
      ...texts,
      quantity: amount(quantity),
      value_amount: amount(value_amount),
      value_currency: code(value_currency),
      origin_country: code(origin_country),
    }),
    weight: Number(weight),
    weight_unit: asWeightUnit(weight_unit),
  };
}

export function paymentOf(payment: PayerValues): Schema<"PaymentDraft"> {
  return said({ ...payment, currency: code(payment.currency) });
}

export function customsOf({ commodities, duty, ...rest }: CustomsValues): Schema<"CustomsDraft"> {
  return {
    ...said(rest),
    duty: { ...paymentOf(duty), ...said({ declared_value: amount(duty.declared_value) }) },
    commodities: commodities.map(commodityOf),
  };
}

/** `true`, `12.5` and the like as what they are; everything else is a text. */
export function optionOf(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "true" || trimmed === "false") return trimmed === "true";
  const number = Number(trimmed);
  // A number that would read differently, as one with leading zeros, is a text.
  return trimmed !== "" && String(number) === trimmed ? number : trimmed;
}

export const pairsOf = (pairs: readonly Pair[]): Record<string, unknown> =>
  Object.fromEntries(pairs.map(({ name, value }) => [name.trim(), optionOf(value)] as const).filter(([name]) => name));

/** What the form itself sees of goods. */
export function commodityFaults(path: string, commodities: readonly CommodityValues[]): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const [index, { weight }] of commodities.entries()) {
    if (!(Number(weight) > 0)) faults[`${path}.${index}.weight`] = words.needsWeight;
  }
  return faults;
}

/** Pairs by names that are there once, and not without one. */
export function pairFaults(path: string, pairs: readonly Pair[]): Record<string, string> {
  const faults: Record<string, string> = {};
  const names = pairs.map(({ name }) => name.trim());
  for (const [index, name] of names.entries()) {
    const at = `${path}.${index}.name`;
    if (!name && pairs[index]?.value.trim()) faults[at] = words.needsName;
    else if (name && names.indexOf(name) !== index) faults[at] = words.nameTwice;
  }
  return faults;
}

/** The server's paths to the form's: what is one field here has several places there. */
export function aliasesOf(paths: readonly string[], pairs: readonly Pair[]): Record<string, string> {
  const found: Record<string, string> = { "options.shipment_date": "shipment_date" };
  for (const path of paths) {
    const list = /^(services|carrier_ids)\[\d+\]$/.exec(path)?.[1];
    if (list) found[path] = `more.${list}`;
    // Data is judged as a whole: that it is too much is said at its first name.
    if (/^(metadata|\w+\.meta)$/.test(path)) found[path] = `${path}.0.name`;
    const index = pairs.findIndex(({ name }) => path === `options.${name.trim()}`);
    if (index >= 0) found[path] = `more.pairs.${index}.value`;
  }
  return found;
}
