import { Button, Code, Group, List } from "@mantine/core";
import { Entrance } from "@/shell/Entrance";
import { strings } from "@/strings";
import { CopyButton } from "@/ui/CopyButton";
import classes from "./first-run.module.css";

const words = strings.firstRun;
const COMMAND = 'mgmt bootstrap --org "Acme" --email you@example.com --json';

export default function FirstRun() {
  return (
    <Entrance title={words.title} text={words.text} wide>
      <div className={classes.command}>
        <Code block className={classes.code}>
          {COMMAND}
        </Code>
        <CopyButton value={COMMAND} name="the command" />
      </div>
      <List size="sm" spacing="xs">
        <List.Item>{words.note}</List.Item>
        <List.Item>{words.container}</List.Item>
        <List.Item>{words.next}</List.Item>
      </List>
      <Group>
        <Button onClick={() => location.reload()}>{words.reload}</Button>
        <Button component="a" href="/docs" variant="default">
          {strings.shell.apiDocs}
        </Button>
      </Group>
    </Entrance>
  );
}
