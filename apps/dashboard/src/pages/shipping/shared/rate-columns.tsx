import { Badge, Group, Stack, Text } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import type { Column } from "@/ui";
import { calendarDay, money } from "./money";
import { serviceName } from "./wire";

type Rate = Schema<"Rate">;

const words = strings.shipments;

/** The columns of a table of rates. `selected` marks the one that was bought. */
export function rateColumns(selected: string | null = null): Column<Rate>[] {
  return [
    {
      key: "service",
      header: words.service,
      cell: (rate) => (
        <Stack gap={0}>
          <Group gap="xs">
            <Text size="sm" fw={550}>
              {serviceName(rate)}
            </Text>
            {selected === rate.id ? (
              <Badge variant="light" size="sm" tt="none">
                {words.selected}
              </Badge>
            ) : null}
          </Group>
          <Text size="xs" c="dimmed">
            {rate.carrier_id}
          </Text>
        </Stack>
      ),
    },
    {
      key: "transit",
      header: words.transit,
      cell: ({ transit_days: days }) => (days === null || days === undefined ? "–" : words.days(days)),
    },
    { key: "delivery", header: words.delivery, cell: (rate) => calendarDay(rate.estimated_delivery) ?? "–" },
    {
      key: "includes",
      header: words.includes,
      cell: ({ extra_charges: charges }) => (
        <Stack gap={0}>
          {charges.map(({ name, amount, currency }) => (
            <Text key={name} size="xs" c="dimmed">
              {name} {money(amount, currency)}
            </Text>
          ))}
        </Stack>
      ),
    },
    {
      key: "total",
      header: words.total,
      align: "right",
      cell: (rate) => (
        <Text size="sm" fw={600} span>
          {money(rate.total_charge, rate.currency)}
        </Text>
      ),
    },
  ];
}
