import { Alert, Group, Paper, Stack, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { strings } from "@/strings";
import { EmptyState, ErrorAlert } from "@/ui";
import { ReasonedButton } from "../shared/ReasonedButton";
import { AddBand } from "./AddBand";
import { type Open, useSheetChange } from "./change";
import classes from "./Grid.module.css";
import { GridTable } from "./GridTable";
import { type Band, changedCells, gridOf, inOrder, isPrice, pricesOf } from "./grid";
import { SaveBar } from "./SaveBar";

const words = strings.rateSheets;

interface Edits {
  cells: Record<string, string>;
  added: Band[];
  removed: string[];
}

const NO_EDITS: Edits = { cells: {}, added: [], removed: [] };

/** The prices of a sheet, to be edited as in a spreadsheet. Nothing is sent before it is saved. */
export function PriceGrid(open: Open) {
  const { sheet, mayWrite } = open;
  const [edits, setEdits] = useState(NO_EDITS);
  const [adding, setAdding] = useState(false);
  const saved = useMemo(() => gridOf(sheet), [sheet]);
  const grid = useMemo(
    () => ({
      bands: inOrder([...saved.bands.filter(({ key }) => !edits.removed.includes(key)), ...edits.added], sheet),
      cells: { ...saved.cells, ...edits.cells },
    }),
    [saved, edits, sheet],
  );
  const changed = useMemo(() => changedCells(grid, saved), [grid, saved]);
  const save = useSheetChange(open, words.saved, () => setEdits(NO_EDITS));
  const { prices, keys } = pricesOf(grid, sheet);
  const refused: Record<string, string> = {};
  for (const [path, reason] of Object.entries(save.error?.details ?? {})) {
    const key = keys[Number(/^service_rates\[(\d+)\]/.exec(path)?.[1] ?? -1)];
    if (key) refused[key] = reason;
  }
  const wrong = [...changed].filter((key) => !isPrice(grid.cells[key] ?? ""));
  const errors = { ...refused, ...Object.fromEntries(wrong.map((key) => [key, words.notANumber])) };
  const change = (key: string, text: string) => {
    save.reset();
    setEdits((former) => ({ ...former, cells: { ...former.cells, [key]: text } }));
  };
  const removeBand = ({ key }: Band) => {
    const below = Object.fromEntries(sheet.zones.map(({ id }) => [`${key} ${id}`, ""]));
    setEdits((former) => ({
      cells: { ...former.cells, ...below },
      added: former.added.filter((band) => band.key !== key),
      removed: [...former.removed, key],
    }));
  };
  const addBand = (band: Band) => {
    setEdits((former) => ({
      ...former,
      added: [...former.added, band],
      removed: former.removed.filter((key) => key !== band.key),
    }));
    setAdding(false);
  };
  if (sheet.services.length === 0 || sheet.zones.length === 0) {
    return (
      <EmptyState
        title={sheet.services.length === 0 ? words.noServices : words.noZones}
        description={words.noServicesText}
      />
    );
  }
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed" maw={640}>
          {mayWrite ? words.gridHelp : words.noWrite}
        </Text>
        <ReasonedButton
          size="xs"
          variant="default"
          reason={mayWrite ? null : words.noWrite}
          onClick={() => setAdding(true)}
        >
          {words.addBand}
        </ReasonedButton>
      </Group>
      <Paper className={classes.frame} bg="var(--app-surface)">
        <GridTable
          sheet={sheet}
          grid={grid}
          changed={changed}
          errors={errors}
          readOnly={!mayWrite}
          onChange={change}
          onRemove={removeBand}
        />
      </Paper>
      {wrong.length > 0 ? (
        <Alert color="red" variant="light" role="alert">
          {words.fixCells(wrong.length)} {words.notANumber}
        </Alert>
      ) : null}
      <ErrorAlert error={save.error} />
      {changed.size > 0 ? (
        <SaveBar
          count={changed.size}
          blocked={wrong.length > 0}
          saving={save.isPending}
          onDiscard={() => {
            save.reset();
            setEdits(NO_EDITS);
          }}
          onSave={() => save.mutate({ service_rates: prices })}
        />
      ) : null}
      <AddBand
        opened={adding}
        sheet={sheet}
        taken={grid.bands.map(({ key }) => key)}
        onAdd={addBand}
        onClose={() => setAdding(false)}
      />
    </Stack>
  );
}
