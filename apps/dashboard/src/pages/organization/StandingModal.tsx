import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { ConfirmModal } from "@/ui";

type Organization = Schema<"OrganizationView">;

const words = strings.organization;

/** Suspends an organization, or lets it work again; open while there is one. */
export function StandingModal({ organization, onClose }: { organization: Organization | null; onClose: () => void }) {
  const suspended = organization?.status === "suspended";
  const name = organization?.name ?? "";
  const change = useAction(
    ({ id, status }: Organization) => {
      const params = { path: { id } };
      return status === "suspended"
        ? api.post("/v1/management/organizations/{id}/resume", { params })
        : api.post("/v1/management/organizations/{id}/suspend", { params });
    },
    {
      invalidates: ["/v1/management/organizations"],
      done: ({ status }) => (status === "suspended" ? words.suspendedDone : words.resumed),
      onSuccess: onClose,
    },
  );
  const close = () => {
    change.reset();
    onClose();
  };
  return (
    <ConfirmModal
      opened={organization !== null}
      onClose={close}
      title={suspended ? words.resumeTitle(name) : words.suspendTitle(name)}
      confirm={suspended ? words.resume : words.suspendConfirm}
      danger={!suspended}
      onConfirm={() => organization && change.mutate(organization)}
      loading={change.isPending}
      error={change.error}
    >
      {suspended ? words.resumeText(name) : words.suspendText(name)}
    </ConfirmModal>
  );
}
