import { Skeleton, Stack } from "@mantine/core";
import { useState } from "react";
import { useGet } from "@/api/hooks";
import { useCan, useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { ErrorAlert, Page } from "@/ui";
import { Organizations } from "./Organizations";
import { Plan } from "./Plan";
import { SettingsForm } from "./SettingsForm";

const words = strings.organization;

export default function OrganizationPage() {
  const { organization } = useMe();
  const mayChange = useCan("organizations:write");
  const operates = organization.is_operator && mayChange;
  return (
    <Page
      title={words.title}
      description={
        <>
          {words.description} {mayChange ? null : words.readOnly}
        </>
      }
      permission="organizations:read"
    >
      <Stack gap="xl">
        <Own id={organization.id} mayChange={mayChange} operates={operates} />
        {operates ? <Organizations /> : null}
      </Stack>
    </Page>
  );
}

function Own({ id, mayChange, operates }: { id: string; mayChange: boolean; operates: boolean }) {
  const { data, etag, error, refetch } = useGet("/v1/management/organizations/{id}", { params: { path: { id } } });
  const [start, setStart] = useState(0);
  if (!data && error) return <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={refetch} />;
  if (!data) return <Skeleton h={360} role="status" aria-label={strings.common.loading} />;
  const reload = () => {
    refetch();
    setStart((former) => former + 1);
  };
  // A new version begins the form anew; what is typed survives a mere renewal of the same one.
  const version = `${data.updated_at} ${start}`;
  return (
    <Stack gap="lg">
      <SettingsForm key={version} organization={data} etag={etag} mayChange={mayChange} onReload={reload} />
      <Plan organization={data} byOperator={operates} />
    </Stack>
  );
}
