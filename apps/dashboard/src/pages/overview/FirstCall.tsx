import { Code, Group, Paper, Text } from "@mantine/core";
import { strings } from "@/strings";
import { CopyButton } from "@/ui";
import classes from "./overview.module.css";
import { Section } from "./Section";

const words = strings.overview;

/** For organizations whose keys were never used. */
export function FirstCall() {
  const command = `curl -i -H "Authorization: Bearer $API_KEY" ${window.location.origin}/v1/authorize`;
  return (
    <Section title={words.first} more={{ to: "/keys", label: words.firstAction }}>
      <Paper p="md" bg="var(--app-surface)">
        <Text size="sm" mb="xs">
          {words.firstText}
        </Text>
        <Group wrap="nowrap" align="flex-start">
          <Code block className={classes.text ?? ""} flex={1}>
            {command}
          </Code>
          <CopyButton value={command} name={words.command} />
        </Group>
      </Paper>
    </Section>
  );
}
