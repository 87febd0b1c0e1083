import { Button, Group, Paper, Text } from "@mantine/core";
import { strings } from "@/strings";
import classes from "./Grid.module.css";

const words = strings.rateSheets;

interface SaveBarProps {
  /** How many cells differ from what is saved. */
  count: number;
  blocked: boolean;
  saving: boolean;
  onDiscard: () => void;
  onSave: () => void;
}

/** Says that there is something to save. */
export function SaveBar({ count, blocked, saving, onDiscard, onSave }: SaveBarProps) {
  return (
    <Paper p="sm" shadow="md" bg="var(--app-surface)" className={classes.bar ?? ""}>
      <Group justify="space-between" gap="sm">
        <Text size="sm" role="status">
          {words.changes(count)}
        </Text>
        <Group gap="xs">
          <Button variant="default" onClick={onDiscard}>
            {words.discard}
          </Button>
          <Button onClick={onSave} loading={saving} disabled={blocked}>
            {words.savePrices}
          </Button>
        </Group>
      </Group>
    </Paper>
  );
}
