import { Text } from "@mantine/core";
import { type SyntheticEvent, useEffect, useState } from "react";
import { strings } from "@/strings";

/** Made when it is first needed: making one takes long. */
function later<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const full = later(() => new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "long" }));
const day = later(() => new Intl.DateTimeFormat("en", { dateStyle: "medium" }));
const minute = later(() => new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" }));
const relative = later(() => new Intl.RelativeTimeFormat("en", { numeric: "auto" }));

const STEPS: [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** `3 hours ago`, `in 2 days`. */
export function timeAgo(at: string | Date, now: number): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  // A server's clock may be a little ahead of the browser's: what happened a moment ago is not in the future.
  if (unit === "second" && Math.abs(seconds) < 45) return seconds < 5 ? "just now" : "in a moment";
  return relative().format(Math.round(seconds / size), unit);
}

interface TimestampProps {
  /** RFC 3339; nothing means that it never happened. */
  at: string | null | undefined;
  /** How it is written: the other form is in the tooltip. */
  format?: "relative" | "date" | "time";
  never?: string;
}

/** A time, in the reader's zone. */
export function Timestamp({ at, format = "relative", never = strings.common.never }: TimestampProps) {
  const now = useNow(30_000);
  if (!at) {
    return (
      <Text span inherit c="dimmed">
        {never}
      </Text>
    );
  }
  const date = new Date(at);
  const text = format === "relative" ? timeAgo(date, now) : (format === "date" ? day() : minute()).format(date);
  const explain = ({ currentTarget }: SyntheticEvent<HTMLElement>) => {
    const exact = full().format(date);
    currentTarget.title = format === "relative" ? exact : `${timeAgo(date, Date.now())} · ${exact}`;
  };
  return (
    // The browser's own tooltip, written when the pointer comes: tooltips of a long table take longer to make than the table.
    <time dateTime={at} onPointerEnter={explain}>
      {text}
    </time>
  );
}

/** The current time in milliseconds, renewed now and then. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
