import { Alert, Anchor, Text } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { Link } from "react-router";
import { strings } from "@/strings";
import type { Key, Kind } from "./model";

const words = strings.keys;
/** The server's own default. It may be set otherwise, so the button stays and the server decides. */
const USUAL_LIMIT = 5;

/** Explains the limit of active keys when it is reached. */
export function LimitNote({ kind, keys }: { kind: Kind; keys: Key[] }) {
  const count = keys.length;
  if (count < USUAL_LIMIT) return null;
  return (
    <Alert color="pine" variant="light" title={words.limitTitle(count, kind)} icon={<IconInfoCircle size={18} />}>
      <LimitText />
    </Alert>
  );
}

export function LimitText() {
  return (
    <Text size="sm">
      {words.limitText}{" "}
      <Anchor component={Link} to="/hygiene" size="sm" underline="always">
        {words.seeHygiene}
      </Anchor>
    </Text>
  );
}
