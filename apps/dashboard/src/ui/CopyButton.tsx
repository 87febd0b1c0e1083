import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { strings } from "@/strings";

/** Copies to the clipboard, also where the page is not secure and `navigator.clipboard` is missing. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("readonly", "");
    area.className = "clipboard";
    // Inside an open dialog, which keeps the focus to itself.
    (document.querySelector("[role=dialog]") ?? document.body).append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

/** A button that copies. With a `label` it has words, without it is an icon. */
export function CopyButton({ value, label, name }: { value: string; label?: string; name?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => setCopied(await copyText(value));
  const icon = copied ? <IconCheck size={16} /> : <IconCopy size={16} />;
  if (label) {
    return (
      <Button leftSection={icon} onClick={copy} variant={copied ? "light" : "filled"} aria-live="polite">
        {copied ? strings.common.copied : label}
      </Button>
    );
  }
  const hint = copied ? strings.common.copied : name ? `${strings.common.copy} ${name}` : strings.common.copy;
  return (
    <Tooltip label={hint}>
      <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={hint}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
