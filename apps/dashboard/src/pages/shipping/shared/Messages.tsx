import { Alert, List } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";

/** What carriers say, as why a service has no rate. */
export function Messages({ messages }: { messages: Schema<"CarrierMessage">[] }) {
  if (messages.length === 0) return null;
  return (
    <Alert color="yellow" variant="light" icon={<IconInfoCircle size={18} />} title={strings.shipments.messages}>
      <List size="sm">
        {messages.map(({ carrier_id, code, message }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: messages have no id, and never change their order
          <List.Item key={index}>
            {carrier_id ? <strong>{carrier_id}: </strong> : null}
            {message || code}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
