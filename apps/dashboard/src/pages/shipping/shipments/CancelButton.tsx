import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { ConfirmModal } from "@/ui";
import { ReasonedButton } from "../shared/ReasonedButton";
import { wire } from "../shared/wire";

type Shipment = Schema<"Shipment">;

const words = strings.shipments;

function whyNot(status: string): string | null {
  if (status === "cancelled") return words.cancelledAlready;
  return status === "draft" || status === "created" ? null : words.onItsWay;
}

/** Cancels a shipment that is not on its way. */
export function CancelButton({ shipment }: { shipment: Shipment }) {
  const [opened, setOpened] = useState(false);
  const cancel = useAction(() => api.post("/v1/shipments/{id}/cancel", { params: { path: { id: shipment.id } } }), {
    invalidates: ["/v1/shipments", "/v1/trackers"],
    done: words.cancelled,
    onSuccess: () => setOpened(false),
  });
  const ask = () => {
    cancel.reset();
    setOpened(true);
  };
  return (
    <>
      <ReasonedButton variant="default" reason={whyNot(wire(shipment.status))} onClick={ask}>
        {words.cancelShipment}
      </ReasonedButton>
      <ConfirmModal
        opened={opened}
        onClose={() => setOpened(false)}
        title={words.cancelTitle}
        confirm={words.cancelShipment}
        danger
        onConfirm={() => cancel.mutate()}
        loading={cancel.isPending}
        error={cancel.error}
      >
        {words.cancelText(words.detailTitle(shipment.reference ?? shipment.id))}
      </ConfirmModal>
    </>
  );
}
