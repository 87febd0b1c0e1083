import { List, Stack, Text } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { Section } from "../shared/Section";

type Parcel = Schema<"Parcel">;

const words = strings.shipments;

function sizeOf({ length, width, height, dimension_unit: unit }: Parcel): string | null {
  const sides = [length, width, height].filter((side) => side !== null && side !== undefined);
  return sides.length > 0 ? `${sides.join(" × ")} ${unit ?? ""}`.trim() : null;
}

function Items({ items }: { items: Parcel["items"] }) {
  return (
    <List size="sm" mt={4} aria-label={words.items}>
      {items.map(({ id, title, description, sku, quantity, weight, weight_unit }) => (
        <List.Item key={id}>
          {quantity} × {title || description || sku || words.unnamedItem}
          <Text span inherit c="dimmed">
            {` · ${words.each(`${weight} ${weight_unit}`)}`}
          </Text>
        </List.Item>
      ))}
    </List>
  );
}

/** What is sent. */
export function Parcels({ parcels }: { parcels: Parcel[] }) {
  return (
    <Section title={words.parcels}>
      <Stack gap="xs">
        {parcels.map((parcel, index) => (
          <div key={parcel.id}>
            <Text size="sm" fw={550}>
              {parcel.description ?? parcel.content ?? words.parcel(index + 1)}
            </Text>
            <Text size="sm" c="dimmed">
              {[`${parcel.weight} ${parcel.weight_unit}`, sizeOf(parcel)].filter(Boolean).join(" · ")}
            </Text>
            {parcel.items.length > 0 ? <Items items={parcel.items} /> : null}
          </div>
        ))}
      </Stack>
    </Section>
  );
}
