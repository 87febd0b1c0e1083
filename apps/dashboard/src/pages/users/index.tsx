import { Button, Stack } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { Page } from "@/ui";
import { Invitations } from "./Invitations";
import { InviteModal } from "./InviteModal";
import { LinkModal } from "./LinkModal";
import { Members } from "./Members";
import { Roles } from "./Roles";

const words = strings.users;

export default function Users() {
  const mayWrite = useCan("users:write");
  const [inviting, setInviting] = useState(false);
  const [sent, setSent] = useState<Schema<"InvitationCreated"> | null>(null);
  return (
    <Page
      title={words.title}
      description={
        <>
          {words.description} {mayWrite ? null : words.readOnly}
        </>
      }
      permission="users:read"
      actions={
        mayWrite ? (
          <Button leftSection={<IconUserPlus size={16} />} onClick={() => setInviting(true)}>
            {words.invite}
          </Button>
        ) : null
      }
    >
      <Stack gap="xl">
        <Members />
        <Invitations onSent={setSent} />
        <Roles />
      </Stack>
      <InviteModal opened={inviting} onClose={() => setInviting(false)} onInvited={setSent} />
      <LinkModal invitation={sent} onClose={() => setSent(null)} />
    </Page>
  );
}
