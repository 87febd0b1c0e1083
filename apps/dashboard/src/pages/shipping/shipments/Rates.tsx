import { Button } from "@mantine/core";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable, ready } from "@/ui";
import { rateColumns } from "../shared/rate-columns";
import { Section } from "../shared/Section";
import { serviceName, wire } from "../shared/wire";
import { BuyModal } from "./BuyModal";

type Shipment = Schema<"Shipment">;
type Rate = Schema<"Rate">;

const words = strings.shipments;

/** The prices of a shipment; those of a draft can be bought. */
export function Rates({ shipment }: { shipment: Shipment }) {
  const [chosen, setChosen] = useState<Rate | null>(null);
  const isDraft = wire(shipment.status) === "draft";
  const again = useAction(
    () =>
      api.post("/v1/shipments/{id}/rates", {
        params: { path: { id: shipment.id } },
        body: { services: null, carrier_ids: null },
      }),
    { invalidates: ["/v1/shipments"], done: words.ratedAgain, notifyErrors: true },
  );
  return (
    <Section
      title={words.rates}
      actions={
        isDraft ? (
          <Button size="xs" variant="default" onClick={() => again.mutate()} loading={again.isPending}>
            {words.rateAgain}
          </Button>
        ) : null
      }
    >
      <DataTable
        list={ready(shipment.rates)}
        columns={rateColumns(shipment.selected_rate_id)}
        rowKey={(rate) => rate.id}
        caption={words.ratesCaption}
        empty={{ title: words.noRatesTitle, description: words.noRatesText }}
        {...(isDraft
          ? {
              actions: (rate: Rate) => (
                <Button size="xs" onClick={() => setChosen(rate)} aria-label={words.buyNamed(serviceName(rate))}>
                  {words.buy}
                </Button>
              ),
            }
          : {})}
      />
      <BuyModal shipment={shipment} rate={chosen} onClose={() => setChosen(null)} />
    </Section>
  );
}
