import { Button, Group, Text } from "@mantine/core";
import { strings } from "@/strings";
import classes from "./schema.module.css";

const words = strings.projects.definitions;

interface RemovedFieldsProps {
  fields: { key: string; name: string; deleted: boolean }[];
  onRestore: (index: number) => void;
}

/** Fields that were removed: they can be restored, and keep their names and types. */
export function RemovedFields({ fields, onRestore }: RemovedFieldsProps) {
  if (!fields.some(({ deleted }) => deleted)) return null;
  return (
    <section aria-labelledby="removed-fields">
      <Text size="sm" fw={550} component="h3" id="removed-fields">
        {words.removed}
      </Text>
      <ul className={classes.removed}>
        {fields.map(({ key, name, deleted }, index) =>
          deleted ? (
            <li key={key}>
              <Group justify="space-between" wrap="nowrap">
                <Text size="sm" c="dimmed" className={classes.name ?? ""}>
                  {name}
                </Text>
                <Button size="xs" variant="default" onClick={() => onRestore(index)} aria-label={words.restoreOf(name)}>
                  {words.restore}
                </Button>
              </Group>
            </li>
          ) : null,
        )}
      </ul>
    </section>
  );
}
