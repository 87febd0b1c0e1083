import { Group, Text } from "@mantine/core";
import { strings } from "@/strings";
import mark from "@/theme/favicon.svg";

/** The mark and the name. */
export function Logo() {
  return (
    <Group gap={8} wrap="nowrap">
      <img src={mark} width={26} height={26} alt="" />
      <Text fw={680} size="md" lh={1} component="span">
        {strings.common.product}
      </Text>
    </Group>
  );
}
