import { Button, Tooltip } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useManagesKeys } from "@/auth/hooks";
import { strings } from "@/strings";

export const GENERATE = "generate-key";

/** Begins a new key; for other roles it says who may. */
export function GenerateButton({ onClick }: { onClick: () => void }) {
  const manages = useManagesKeys();
  return (
    <Tooltip label={strings.keys.onlyManagers} disabled={manages} events={{ hover: true, focus: true, touch: true }}>
      <Button
        id={GENERATE}
        leftSection={<IconPlus size={16} />}
        onClick={manages ? onClick : (event) => event.preventDefault()}
        data-disabled={manages ? undefined : true}
        aria-disabled={!manages}
        aria-description={manages ? undefined : strings.keys.onlyManagers}
      >
        {strings.keys.generate}
      </Button>
    </Tooltip>
  );
}
