import type { Schema } from "@/api/client";
import { asLengthUnit, asWeightUnit } from "../shared/wire";

export interface Values extends Record<string, unknown> {
  shipper: Place;
  recipient: Place;
  weight: string | number;
  weight_unit: string;
  length: string | number;
  width: string | number;
  height: string | number;
  dimension_unit: string;
}

export interface Place {
  country_code: string;
  postal_code: string;
  city: string;
  state_code: string;
}

const NOWHERE: Place = { country_code: "", postal_code: "", city: "", state_code: "" };

export const EMPTY: Values = {
  shipper: { ...NOWHERE, country_code: "US" },
  recipient: { ...NOWHERE, country_code: "US" },
  weight: 1,
  weight_unit: "KG",
  length: "",
  width: "",
  height: "",
  dimension_unit: "CM",
};

function addressOf({ country_code, ...rest }: Place): Schema<"AddressDraft"> {
  const said = Object.entries(rest)
    .map(([name, text]) => [name, text.trim()] as const)
    .filter(([, text]) => text !== "");
  return { country_code: country_code.trim().toUpperCase(), ...Object.fromEntries(said) };
}

/** The shipment to be rated. Sides that are left empty are left out. */
export function draftOf(values: Values): Pick<Schema<"RatesDraft">, "shipper" | "recipient" | "parcels"> {
  const { length, width, height } = values;
  const sides = Object.fromEntries(
    Object.entries({ length, width, height })
      .filter(([, side]) => side !== "")
      .map(([name, side]) => [name, Number(side)]),
  );
  const parcel: Schema<"ParcelDraft"> = {
    weight: Number(values.weight),
    weight_unit: asWeightUnit(values.weight_unit),
    ...(Object.keys(sides).length > 0 ? { ...sides, dimension_unit: asLengthUnit(values.dimension_unit) } : {}),
  };
  return { shipper: addressOf(values.shipper), recipient: addressOf(values.recipient), parcels: [parcel] };
}
