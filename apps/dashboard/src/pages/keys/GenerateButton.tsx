import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useManagesKeys } from "@/auth/hooks";
import { strings } from "@/strings";
import { prepareDialogs } from "./later";

export const GENERATE = "generate-key";

const OnlyManagers = lazy(() => import("./OnlyManagers"));

/** Begins a new key; for other roles it says who may. */
export function GenerateButton({ onClick }: { onClick: () => void }) {
  const manages = useManagesKeys();
  const button = (
    <Button
      id={GENERATE}
      leftSection={<IconPlus size={16} />}
      onClick={manages ? onClick : (event) => event.preventDefault()}
      onPointerEnter={prepareDialogs}
      onFocus={prepareDialogs}
      data-disabled={manages ? undefined : true}
      aria-disabled={!manages}
      aria-description={manages ? undefined : strings.keys.onlyManagers}
    >
      {strings.keys.generate}
    </Button>
  );
  if (manages) return button;
  return (
    <Suspense fallback={button}>
      <OnlyManagers>{button}</OnlyManagers>
    </Suspense>
  );
}
