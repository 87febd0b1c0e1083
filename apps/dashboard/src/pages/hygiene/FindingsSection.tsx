import { Code, Group, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { strings } from "@/strings";
import { type Column, DataTable, ready } from "@/ui";
import { name, used } from "../keys/columns";
import { type Choice, KeyMenu } from "../keys/KeyMenu";
import { type Key, masked } from "../keys/model";
import type { Finding, Section } from "./rules";

const words = strings.hygiene;

export const sectionId = (section: Section) => `hygiene-${section}`;

const columns: Column<Finding>[] = [
  { key: "name", header: name.header, primary: true, width: "24%", cell: ({ key }) => name.cell(key) },
  {
    key: "key",
    header: words.key,
    width: "20%",
    cell: ({ key }) => (
      <div>
        <Code bg="transparent" p={0} fz="sm">
          {masked(key)}
        </Code>
        <Text size="xs" c="dimmed">
          {words.kind[key.kind] ?? key.kind}
        </Text>
      </div>
    ),
  },
  {
    key: "why",
    header: words.why,
    cell: ({ why }) => (
      <div>
        {why.map((reason) => (
          <Text size="sm" key={reason}>
            {reason}
          </Text>
        ))}
      </div>
    ),
  },
  { key: "used", header: used.header, width: "15%", cell: ({ key }) => used.cell(key) },
];

interface FindingsSectionProps {
  section: Section;
  found: Finding[];
  isPending: boolean;
  onChoose: (choice: Choice, row: Key) => void;
}

/** One question asked of all keys, and those that it is about. */
export function FindingsSection({ section, found, isPending, onChoose }: FindingsSectionProps) {
  const { title, text, clear } = words.sections[section];
  return (
    <Stack gap="sm" component="section" aria-labelledby={sectionId(section)}>
      <div>
        <Title order={2} id={sectionId(section)} tabIndex={-1}>
          {title}
        </Title>
        <Text size="sm" c="dimmed" maw="46rem">
          {text}
        </Text>
      </div>
      {found.length === 0 && !isPending ? (
        <Group gap={6} wrap="nowrap">
          <IconCircleCheck size={17} aria-hidden />
          <Text size="sm">{clear}</Text>
        </Group>
      ) : (
        <DataTable
          list={{ ...ready(found), isPending }}
          columns={columns}
          rowKey={({ key }) => key.id}
          caption={words.caption(title)}
          empty={{ title: words.clear }}
          actions={({ key }) => <KeyMenu row={key} place={section} onChoose={(choice) => onChoose(choice, key)} />}
        />
      )}
    </Stack>
  );
}
