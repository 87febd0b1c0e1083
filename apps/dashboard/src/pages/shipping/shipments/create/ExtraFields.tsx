import { Button, Group, Text } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { strings } from "@/strings";
import { Section } from "../../shared/Section";
import { CustomsFields } from "./CustomsFields";
import { NOBODY, type Values } from "./draft";
import { emptyPair, noCustoms, noOptions, noPayment } from "./extras";
import { OptionFields } from "./OptionFields";
import { PairFields } from "./PairFields";
import { PartyFields } from "./PartyFields";
import { PaymentFields } from "./PaymentFields";

const words = strings.shipments.form;

type Form = UseFormReturnType<Values>;

interface Extra {
  name: "return_address" | "billing_address" | "customs" | "payment" | "metadata" | "more";
  empty: () => object;
  /** The field that has the focus when the part is added. */
  first: string;
  fields: (form: Form, remove: ReactNode) => ReactNode;
}

const EXTRAS: Extra[] = [
  {
    name: "customs",
    empty: noCustoms,
    first: "customs.content_type",
    fields: (form, remove) => <CustomsFields form={form} remove={remove} />,
  },
  {
    name: "return_address",
    empty: () => ({ ...NOBODY }),
    first: "return_address.person_name",
    fields: (form, remove) => <PartyFields form={form} of="return_address" fill={remove} />,
  },
  {
    name: "billing_address",
    empty: () => ({ ...NOBODY }),
    first: "billing_address.person_name",
    fields: (form, remove) => <PartyFields form={form} of="billing_address" fill={remove} />,
  },
  {
    name: "payment",
    empty: noPayment,
    first: "payment.paid_by",
    fields: (form, remove) => (
      <Section title={words.extras.payment} actions={remove}>
        <PaymentFields form={form} of="payment" />
      </Section>
    ),
  },
  {
    name: "metadata",
    empty: () => [emptyPair()],
    first: "metadata.0.name",
    fields: (form, remove) => (
      <Section title={words.extras.metadata} actions={remove}>
        <PairFields
          form={form}
          path="metadata"
          pairs={form.values.metadata ?? []}
          hint={words.dataHint}
          words={words.data}
        />
      </Section>
    ),
  },
  {
    name: "more",
    empty: noOptions,
    first: "more.services",
    fields: (form, remove) => <OptionFields form={form} remove={remove} />,
  },
];

const buttonId = (name: string) => `add-${name}`;
/** After the part is there, or gone. */
const soon = (focus: () => void) => requestAnimationFrame(() => requestAnimationFrame(focus));

/** What most shipments don't need: each part is there once it is added. */
export function ExtraFields({ form }: { form: Form }) {
  const add = ({ name, empty, first }: Extra) => {
    form.setFieldValue(name, empty() as never);
    soon(() => form.getInputNode(first)?.focus());
  };
  const remove = ({ name }: Extra) => {
    form.setFieldValue(name, null as never);
    for (const path of Object.keys(form.errors)) if (path.startsWith(`${name}.`)) form.clearFieldError(path);
    soon(() => document.getElementById(buttonId(name))?.focus());
  };
  const missing = EXTRAS.filter(({ name }) => form.values[name] === null);
  return (
    <>
      {EXTRAS.filter(({ name }) => form.values[name] !== null).map((extra) => (
        <div key={extra.name}>
          {extra.fields(
            form,
            <Button
              size="xs"
              variant="default"
              onClick={() => remove(extra)}
              aria-label={words.dropExtra(words.extras[extra.name])}
            >
              {words.drop}
            </Button>,
          )}
        </div>
      ))}
      {missing.length > 0 ? (
        <Group gap="xs" role="group" aria-label={words.addLabel}>
          <Text size="sm" c="dimmed" aria-hidden>
            {words.addLabel}
          </Text>
          {missing.map((extra) => (
            <Button
              key={extra.name}
              id={buttonId(extra.name)}
              size="xs"
              variant="default"
              onClick={() => add(extra)}
              aria-label={words.addExtra(words.extras[extra.name])}
            >
              {words.extras[extra.name]}
            </Button>
          ))}
        </Group>
      ) : null}
    </>
  );
}
