import { Text, Timeline } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { words as inWords, Timestamp } from "@/ui";

const words = strings.trackers;

/** What happened on the way, the newest first. */
export function Events({ events }: { events: Schema<"TrackingEvent">[] }) {
  if (events.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {words.noEvents}. {words.noEventsText}
      </Text>
    );
  }
  return (
    <Timeline active={0} bulletSize={16} lineWidth={2} role="list" aria-label={words.timeline}>
      {events.map((event, index) => (
        <Timeline.Item
          // biome-ignore lint/suspicious/noArrayIndexKey: events have no id; two may say the same at the same time
          key={`${event.timestamp} ${index}`}
          role="listitem"
          title={event.description ?? (event.status ? inWords(event.status) : words.unnamedEvent)}
        >
          <Text size="sm" c="dimmed">
            {[event.status ? inWords(event.status) : null, event.location, event.reason ? inWords(event.reason) : null]
              .filter(Boolean)
              .join(" · ")}
          </Text>
          <Text size="xs" c="dimmed" mt={2}>
            <Timestamp at={event.timestamp} format="time" />
          </Text>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
