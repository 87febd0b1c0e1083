import { Avatar, UnstyledButton } from "@mantine/core";
import { useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { lazyMenu } from "@/ui/lazy-menu";

const Items = lazyMenu(() => import("./AccountMenuItems"));

/** The button for what belongs to the person rather than to the organization. */
export function AccountMenu() {
  const { user } = useMe();
  const name = user.name || user.email;
  return (
    <Items
      target={
        <UnstyledButton aria-label={`${strings.shell.account}: ${name}`}>
          <Avatar size={32} radius="xl" color="pine" variant="filled">
            {initials(name)}
          </Avatar>
        </UnstyledButton>
      }
    />
  );
}

/** `Ana Silva` as `AS`. */
function initials(name: string): string {
  const parts = name.split(/[\s.@_-]+/).filter(Boolean);
  return [parts[0], parts[1]].map((part) => part?.charAt(0).toUpperCase() ?? "").join("");
}
