import { Stack, Tabs } from "@mantine/core";
import { useParams } from "react-router";
import { type Loaded, useGet } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { Page } from "@/ui";
import { BackLink } from "../shared/BackLink";
import { Details } from "../shared/Details";
import { PATH, type RateSheet } from "./change";
import { PriceGrid } from "./PriceGrid";
import { Services } from "./Services";
import { Surcharges } from "./Surcharges";
import { TableButtons } from "./TableButtons";
import { Zones } from "./Zones";

const words = strings.rateSheets;

/** One rate sheet. */
export function SheetPage() {
  const { id = "" } = useParams();
  const mayRead = useCan("rate-sheets:read");
  const mayWrite = useCan("rate-sheets:write");
  // Without `Accept: text/csv` the answer is never the table.
  const loaded = useGet(`${PATH}/{id}`, { params: { path: { id } } }, { enabled: mayRead }) as Loaded<RateSheet>;
  const { data: sheet, etag } = loaded;
  const origins = sheet?.origin_countries.join(", ");
  return (
    <Page
      title={sheet?.name ?? words.title}
      description={
        sheet
          ? [sheet.carrier_name, sheet.slug, origins ? words.origins(origins) : words.anywhere].join(" · ")
          : undefined
      }
      permission="rate-sheets:read"
      above={<BackLink to="/shipping/rate-sheets">{words.back}</BackLink>}
      actions={sheet ? <TableButtons sheet={sheet} etag={etag} mayWrite={mayWrite} /> : null}
    >
      <Details loaded={loaded}>
        {(found) => {
          const open = { sheet: found, etag, mayWrite };
          return (
            <Tabs defaultValue="prices" key={found.id}>
              <Tabs.List mb="md">
                <Tabs.Tab value="prices">{words.prices}</Tabs.Tab>
                <Tabs.Tab value="services">{words.services}</Tabs.Tab>
                <Tabs.Tab value="zones">{words.zones}</Tabs.Tab>
                <Tabs.Tab value="surcharges">{words.surcharges}</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="prices">
                <PriceGrid {...open} />
              </Tabs.Panel>
              <Tabs.Panel value="services">
                <Stack gap="sm">
                  <Services {...open} />
                </Stack>
              </Tabs.Panel>
              <Tabs.Panel value="zones">
                <Stack gap="sm">
                  <Zones {...open} />
                </Stack>
              </Tabs.Panel>
              <Tabs.Panel value="surcharges">
                <Stack gap="sm">
                  <Surcharges {...open} />
                </Stack>
              </Tabs.Panel>
            </Tabs>
          );
        }}
      </Details>
    </Page>
  );
}
