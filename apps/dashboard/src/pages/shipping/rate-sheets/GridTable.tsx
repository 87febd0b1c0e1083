import { ActionIcon, Table, Text, TextInput, VisuallyHidden } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { KeyboardEvent } from "react";
import { strings } from "@/strings";
import type { RateSheet } from "./change";
import classes from "./Grid.module.css";
import { type Band, bandName, cellKey, type Grid } from "./grid";

const words = strings.rateSheets;

interface GridTableProps {
  sheet: RateSheet;
  grid: Grid;
  changed: Set<string>;
  /** What is wrong, by cell. */
  errors: Record<string, string>;
  readOnly: boolean;
  onChange: (cell: string, text: string) => void;
  onRemove: (band: Band) => void;
}

const STEPS: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, Enter: 1 };

/** Moves between the rows of a column. */
function move(event: KeyboardEvent<HTMLTableElement>): void {
  const step = STEPS[event.key];
  const cell = (event.target as HTMLElement).closest("td");
  const row = cell?.parentElement as HTMLTableRowElement | null;
  if (!step || !cell || !row || (event.target as HTMLElement).tagName !== "INPUT") return;
  const rows = row.parentElement?.children ?? [];
  const next = rows[[...rows].indexOf(row) + step] as HTMLTableRowElement | undefined;
  event.preventDefault();
  next?.cells[cell.cellIndex]?.querySelector("input")?.select();
}

/** The cells: a row for each service and band of weights, a column for each zone. */
export function GridTable({ sheet, grid, changed, errors, readOnly, onChange, onRemove }: GridTableProps) {
  const services = new Map(sheet.services.map((service) => [service.service_code, service]));
  return (
    <Table.ScrollContainer minWidth={280} type="native" tabIndex={0} role="region" aria-label={words.grid}>
      <table className={classes.table} onKeyDown={move}>
        <caption>
          <VisuallyHidden>{words.grid}</VisuallyHidden>
        </caption>
        <thead>
          <tr>
            <th scope="col" className={classes.service}>
              {words.serviceColumn}
            </th>
            {sheet.zones.map((zone) => (
              <th key={zone.id} scope="col">
                {zone.label ?? zone.id}
              </th>
            ))}
            <th>
              <VisuallyHidden>{strings.common.actions}</VisuallyHidden>
            </th>
          </tr>
        </thead>
        <tbody>
          {grid.bands.map((band) => {
            const service = services.get(band.service);
            const name = service?.service_name ?? band.service;
            const weight = bandName(band, service?.weight_unit ?? "");
            return (
              <tr key={band.key}>
                <th scope="row" className={classes.service}>
                  <Text size="sm" fw={550}>
                    {name}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {weight} · {service?.currency}
                  </Text>
                </th>
                {sheet.zones.map((zone) => {
                  const key = cellKey(band.key, zone.id);
                  return (
                    <td key={zone.id}>
                      <TextInput
                        size="xs"
                        inputMode="decimal"
                        className={`${classes.input} ${changed.has(key) ? classes.changed : ""}`}
                        aria-label={words.cell(name, weight, zone.label ?? zone.id)}
                        value={grid.cells[key] ?? ""}
                        readOnly={readOnly}
                        placeholder="–"
                        error={Boolean(errors[key])}
                        aria-description={errors[key]}
                        title={errors[key]}
                        onChange={(event) => onChange(key, event.currentTarget.value)}
                      />
                    </td>
                  );
                })}
                <td>
                  {readOnly ? null : (
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      aria-label={words.removeBand(`${name}, ${weight}`)}
                      title={words.removeBand(`${name}, ${weight}`)}
                      onClick={() => onRemove(band)}
                    >
                      <IconX size={15} />
                    </ActionIcon>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Table.ScrollContainer>
  );
}
