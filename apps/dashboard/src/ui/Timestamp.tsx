import { Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { strings } from "@/strings";

const full = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "long" });
const day = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const minute = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

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
  return relative.format(Math.round(seconds / size), unit);
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
  const exact = full.format(date);
  const ago = timeAgo(date, now);
  const text = format === "relative" ? ago : format === "date" ? day.format(date) : minute.format(date);
  return (
    // The browser's own tooltip: one of Mantine's for each time of a long table takes most of the time in which the table is made.
    <time dateTime={at} title={format === "relative" ? exact : `${ago} · ${exact}`}>
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
