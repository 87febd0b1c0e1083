import { SegmentedControl, Stack, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { ConfirmModal } from "@/ui";
import { partyOf } from "../shared/address";
import { money } from "../shared/money";
import { asLabelType, LABEL_TYPES, serviceName, wire } from "../shared/wire";

interface BuyModalProps {
  shipment: Schema<"Shipment">;
  /** The rate to buy; the dialog is open while there is one. */
  rate: Schema<"Rate"> | null;
  onClose: () => void;
}

const words = strings.shipments;

/** Asks before a label is bought, and in which format it is wanted. */
export function BuyModal({ shipment, rate, onClose }: BuyModalProps) {
  const [format, setFormat] = useState(wire(shipment.label_type));
  // Keeps the words while the dialog closes.
  const last = useRef(rate);
  if (rate) last.current = rate;
  const shown = last.current;
  const buy = useAction(
    (selected: string) =>
      api.post("/v1/shipments/{id}/purchase", {
        params: { path: { id: shipment.id } },
        body: { selected_rate_id: selected, label_type: asLabelType(format) },
      }),
    { invalidates: ["/v1/shipments", "/v1/trackers"], done: words.bought, onSuccess: onClose },
  );
  const { reset } = buy;
  useEffect(() => {
    if (rate) reset();
  }, [rate, reset]);
  return (
    <ConfirmModal
      opened={rate !== null}
      onClose={onClose}
      title={words.buyTitle}
      confirm={words.buy}
      onConfirm={() => rate && buy.mutate(rate.id)}
      loading={buy.isPending}
      error={buy.error}
    >
      <Stack gap="md">
        <Text size="sm">
          {shown
            ? words.buyText(serviceName(shown), money(shown.total_charge, shown.currency), partyOf(shipment.recipient))
            : null}
        </Text>
        <div>
          <Text size="sm" fw={500} mb={4}>
            {words.labelFormat}
          </Text>
          <SegmentedControl data={LABEL_TYPES} value={format} onChange={setFormat} aria-label={words.labelFormat} />
        </div>
      </Stack>
    </ConfirmModal>
  );
}
