import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { useMe } from "@/auth/hooks";
import { signOut } from "@/auth/session";
import { strings } from "@/strings";
import { ConfirmModal } from "@/ui";
import { Impact } from "./Impact";

const words = strings.users;

interface RemoveModalProps {
  person: Schema<"PersonView"> | null;
  onClose: () => void;
}

/** Removes a member, or lets oneself leave, after showing what that touches. */
export function RemoveModal({ person, onClose }: RemoveModalProps) {
  const me = useMe();
  const self = person?.id === me.user.id;
  const name = person?.name || person?.email || "";
  const remove = useAction(
    async (id: string) => {
      await api.delete("/v1/management/users/{id}", { params: { path: { id } } });
      if (id === me.user.id) await signOut();
    },
    {
      invalidates: self ? [] : ["/v1/management/users"],
      ...(self ? {} : { done: words.removed }),
      onSuccess: onClose,
    },
  );
  const close = () => {
    remove.reset();
    onClose();
  };
  return (
    <ConfirmModal
      opened={person !== null}
      onClose={close}
      title={self ? words.leaveTitle : words.removeTitle(name)}
      confirm={self ? words.leave : words.removeConfirm}
      danger
      onConfirm={() => person && remove.mutate(person.id)}
      loading={remove.isPending}
      error={remove.error}
    >
      {self ? words.leaveText : words.removeText(name)}
      {person ? <Impact id={person.id} /> : null}
    </ConfirmModal>
  );
}
