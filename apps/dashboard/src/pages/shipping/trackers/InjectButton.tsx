import { Modal } from "@mantine/core";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { ReasonedButton } from "../shared/ReasonedButton";
import { InjectForm } from "./InjectForm";

const words = strings.trackers;

/** Reports what happened to a parcel of the test environment. */
export function InjectButton({ tracker }: { tracker: Schema<"Tracker"> }) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <ReasonedButton reason={tracker.test_mode ? null : words.injectLive} onClick={() => setOpened(true)}>
        {words.inject}
      </ReasonedButton>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={words.injectTitle}
        closeButtonProps={{ "aria-label": strings.common.close }}
      >
        <InjectForm id={tracker.id} onDone={() => setOpened(false)} />
      </Modal>
    </>
  );
}
