import { Box, Button, Group, Image, Skeleton, Stack } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Schema } from "@/api/client";
import { download } from "@/api/download";
import { readError } from "@/api/error";
import { useAction } from "@/api/hooks";
import { sessionFetch } from "@/auth/session";
import { strings } from "@/strings";
import { ErrorAlert } from "@/ui";
import { Section } from "../shared/Section";
import { LABEL_TYPES } from "../shared/wire";
import classes from "./Label.module.css";

const words = strings.shipments;

const ACCEPT: Record<string, string> = { PDF: "application/pdf", PNG: "image/png", ZPL: "application/zpl" };

const pathOf = (id: string, format: string) =>
  `/v1/shipments/${encodeURIComponent(id)}/documents/label?format=${encodeURIComponent(format)}`;

async function loadPicture(id: string, signal: AbortSignal): Promise<Blob> {
  const response = await sessionFetch(new Request(pathOf(id, "PNG"), { headers: { Accept: "image/png" }, signal }));
  if (!response.ok) throw readError(response, await response.json().catch(() => null));
  return response.blob();
}

/** The label as a picture, and as files. */
export function Label({ shipment }: { shipment: Schema<"Shipment"> }) {
  const name = shipment.tracking_number ?? shipment.id;
  const save = useAction(
    (format: string) =>
      download(pathOf(shipment.id, format), `label-${name}.${format.toLowerCase()}`, ACCEPT[format] ?? "*/*"),
    { notifyErrors: true },
  );
  return (
    <Section title={words.label}>
      <Stack gap="md">
        <Group gap="xs">
          {LABEL_TYPES.map((format) => (
            <Button
              key={format}
              size="xs"
              variant="default"
              leftSection={<IconDownload size={15} aria-hidden />}
              onClick={() => save.mutate(format)}
              loading={save.isPending && save.variables === format}
              aria-label={words.downloadAs(format)}
            >
              {format}
            </Button>
          ))}
        </Group>
        <Picture id={shipment.id} alt={words.labelAlt(name)} />
      </Stack>
    </Section>
  );
}

function Picture({ id, alt }: { id: string; alt: string }) {
  const picture = useQuery({
    queryKey: ["/v1/shipments/{id}/documents/label", id],
    queryFn: ({ signal }) => loadPicture(id, signal),
  });
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    if (!picture.data) return;
    const made = URL.createObjectURL(picture.data);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [picture.data]);
  if (picture.error) {
    return <ErrorAlert error={picture.error} title={strings.common.loadErrorTitle} retry={() => picture.refetch()} />;
  }
  if (!address) {
    return (
      <Box role="status" aria-label={strings.common.loading}>
        <Skeleton height={420} maw={320} radius="md" />
      </Box>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a label of many parcels scrolls, and must do so by keyboard too
    <section className={classes.frame} tabIndex={0} aria-label={words.preview}>
      <Image src={address} alt={alt} maw={384} />
    </section>
  );
}
