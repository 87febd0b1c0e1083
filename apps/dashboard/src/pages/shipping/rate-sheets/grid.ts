import type { Schema } from "@/api/client";
import { strings } from "@/strings";

type RateSheet = Schema<"RateSheet">;
type ServiceRate = Schema<"ServiceRate">;
type PriceDraft = Schema<"ServiceRateDraft">;

const words = strings.rateSheets;

/** A row of the grid: a service and a band of weights. */
export interface Band {
  key: string;
  service: string;
  min: number | null;
  max: number | null;
}

/** The prices of a sheet as texts in a grid, by `cellKey`. */
export interface Grid {
  bands: Band[];
  cells: Record<string, string>;
}

export const cellKey = (band: string, zone: string): string => `${band} ${zone}`;

const bandKey = (service: string, min: number | null, max: number | null, copy = 0) =>
  `${service}|${min ?? ""}|${max ?? ""}|${copy}`;

export function newBand(service: string, min: number | null, max: number | null): Band {
  return { key: bandKey(service, min, max), service, min, max };
}

/** Each price's cell. Prices that say the same of the same zone get rows of their own, so that none is lost. */
function placed(rates: ServiceRate[]): Map<string, { band: Band; rate: ServiceRate }> {
  const found = new Map<string, { band: Band; rate: ServiceRate }>();
  for (const rate of rates) {
    const [service, min, max] = [rate.service_code, rate.min_weight ?? null, rate.max_weight ?? null];
    let copy = 0;
    while (found.has(cellKey(bandKey(service, min, max, copy), rate.zone_id))) copy += 1;
    const key = bandKey(service, min, max, copy);
    found.set(cellKey(key, rate.zone_id), { band: { key, service, min, max }, rate });
  }
  return found;
}

/** The grid of a sheet: services in their order, then by weight. A service without prices has an empty row. */
export function gridOf(sheet: RateSheet): Grid {
  const bands = new Map<string, Band>();
  const cells: Record<string, string> = {};
  for (const [key, { band, rate }] of placed(sheet.service_rates)) {
    bands.set(band.key, band);
    cells[key] = String(rate.rate);
  }
  for (const { service_code: code } of sheet.services) {
    if (![...bands.values()].some(({ service }) => service === code)) {
      const band = newBand(code, null, null);
      bands.set(band.key, band);
    }
  }
  return { bands: inOrder([...bands.values()], sheet), cells };
}

export function inOrder(bands: Band[], sheet: RateSheet): Band[] {
  const place = new Map(sheet.services.map(({ service_code }, index) => [service_code, index]));
  return [...bands].sort(
    (a, b) =>
      (place.get(a.service) ?? 0) - (place.get(b.service) ?? 0) ||
      (a.min ?? 0) - (b.min ?? 0) ||
      (a.max ?? Number.POSITIVE_INFINITY) - (b.max ?? Number.POSITIVE_INFINITY),
  );
}

/** Whether a text is a price that the server takes, or nothing. */
export function isPrice(text: string): boolean {
  return text.trim() === "" || /^\d{1,7}(\.\d{1,4})?$/.test(text.trim());
}

/** The prices to send, and the cell of each. What the grid does not show of a price stays as it was. */
export function pricesOf(grid: Grid, sheet: RateSheet): { prices: PriceDraft[]; keys: string[] } {
  const former = placed(sheet.service_rates);
  const prices: PriceDraft[] = [];
  const keys: string[] = [];
  for (const band of grid.bands) {
    for (const zone of sheet.zones) {
      const key = cellKey(band.key, zone.id);
      const text = (grid.cells[key] ?? "").trim();
      if (text === "") continue;
      const { service_id: _, ...rest } = former.get(key)?.rate ?? { service_id: "" };
      prices.push({
        ...rest,
        service_code: band.service,
        zone_id: zone.id,
        min_weight: band.min,
        max_weight: band.max,
        rate: Number(text),
      });
      keys.push(key);
    }
  }
  return { prices, keys };
}

/** Cells that differ from the sheet's. */
export function changedCells(grid: Grid, saved: Grid): Set<string> {
  const shown = new Set(grid.bands.map(({ key }) => key));
  const keys = new Set([...Object.keys(grid.cells), ...Object.keys(saved.cells)]);
  const textOf = (key: string) => (shown.has(key.split(" ")[0] ?? "") ? (grid.cells[key] ?? "").trim() : "");
  return new Set([...keys].filter((key) => textOf(key) !== (saved.cells[key] ?? "")));
}

/** `1 to 5 KG`. */
export function bandName({ min, max }: Pick<Band, "min" | "max">, unit: string): string {
  if (max === null) return min ? words.from(min, unit) : words.anyWeight;
  return min ? words.between(min, max, unit) : words.upTo(max, unit);
}
