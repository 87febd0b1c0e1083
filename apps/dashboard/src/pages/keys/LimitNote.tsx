import { Alert, Anchor, Text } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { Link } from "react-router";
import { useLimits } from "@/auth/hooks";
import { strings } from "@/strings";
import type { Key, Kind } from "./model";

const words = strings.keys;
/** Explains the limit of active keys when it is reached. */
export function LimitNote({ kind, keys }: { kind: Kind; keys: Key[] }) {
  const count = keys.filter(({ project_id, replaced_by }) => !project_id && !replaced_by).length;
  // Others may make and revoke keys at the same time, so the button stays and the server decides.
  if (count < useLimits().max_active_keys) return null;
  return (
    <Alert color="pine" variant="light" title={words.limitTitle(count, kind)} icon={<IconInfoCircle size={18} />}>
      <LimitText />
    </Alert>
  );
}

export function LimitText() {
  return (
    <Text size="sm">
      {words.limitText(useLimits().max_active_keys)}{" "}
      <Anchor component={Link} to="/hygiene" size="sm" underline="always">
        {words.seeHygiene}
      </Anchor>
    </Text>
  );
}
