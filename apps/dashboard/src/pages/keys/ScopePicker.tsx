import { Group, Input, Skeleton, Stack, Switch, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useId, useState } from "react";
import type { Schema } from "@/api/client";
import { useGet } from "@/api/hooks";
import { strings } from "@/strings";
import { ErrorAlert } from "@/ui";
import { type Kind, resourceName } from "./model";
import { ScopeGroup } from "./ScopeGroup";
import classes from "./ScopePicker.module.css";

type Scope = Schema<"ScopeView">;

const words = strings.keys.form;

interface ScopePickerProps {
  kind: Kind;
  value: string[];
  onChange: (scopes: string[]) => void;
  error?: string | undefined;
}

/** Scopes by resource, from the catalogue of the server. */
export function ScopePicker({ kind, value, onChange, error }: ScopePickerProps) {
  const catalogue = useGet("/v1/management/scopes");
  const [filter, setFilter] = useState("");
  const id = useId();
  const all = value.includes("*");
  const groups = grouped((kind === "secret" ? catalogue.data?.data : catalogue.data?.permissions) ?? [], filter);
  const set = (scope: string, on: boolean) => onChange(on ? [...value, scope] : value.filter((held) => held !== scope));
  return (
    <Input.Wrapper
      label={kind === "secret" ? words.scopes : words.permissions}
      description={words.scopesHint}
      error={error}
      labelElement="div"
      labelProps={{ id: `${id}-label` }}
      errorProps={{ id: `${id}-error` }}
      required
    >
      <Stack
        gap="xs"
        my={6}
        role="group"
        aria-labelledby={`${id}-label`}
        aria-describedby={error ? `${id}-error` : undefined}
      >
        <Group justify="space-between" gap="xs">
          <Switch
            label={words.all}
            checked={all}
            onChange={(event) => onChange(event.currentTarget.checked ? ["*"] : [])}
            data-path="scopes"
          />
          {all ? null : (
            <Text size="xs" c="dimmed" role="status">
              {words.chosen(value.length)}
            </Text>
          )}
        </Group>
        {catalogue.isPending ? <Skeleton height={120} /> : null}
        <ErrorAlert error={catalogue.error} title={strings.common.loadErrorTitle} retry={catalogue.refetch} />
        {all || !catalogue.data ? null : (
          <>
            <TextInput
              aria-label={kind === "secret" ? words.filter : words.filterPermissions}
              placeholder={kind === "secret" ? words.filter : words.filterPermissions}
              leftSection={<IconSearch size={15} />}
              value={filter}
              onChange={(event) => setFilter(event.currentTarget.value)}
              onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
            />
            <div className={classes.list} data-invalid={error ? true : undefined}>
              {groups.map(([resource, scopes]) => (
                <ScopeGroup
                  key={resource}
                  resource={resource}
                  scopes={scopes}
                  value={value}
                  onChange={onChange}
                  set={set}
                />
              ))}
              {groups.length === 0 ? (
                <Text size="sm" c="dimmed" p="sm">
                  {words.noMatch}
                </Text>
              ) : null}
            </div>
          </>
        )}
      </Stack>
    </Input.Wrapper>
  );
}

function grouped(scopes: Scope[], filter: string): [string, Scope[]][] {
  const wanted = filter.trim().toLowerCase();
  const groups = new Map<string, Scope[]>();
  for (const scope of scopes) {
    const text = `${scope.scope} ${resourceName(scope.resource)} ${scope.description}`.toLowerCase();
    if (wanted && !text.includes(wanted)) continue;
    groups.set(scope.resource, [...(groups.get(scope.resource) ?? []), scope]);
  }
  return [...groups];
}
