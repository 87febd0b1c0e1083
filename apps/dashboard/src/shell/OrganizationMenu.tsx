import { Text, UnstyledButton } from "@mantine/core";
import { IconSelector } from "@tabler/icons-react";
import { useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { lazyMenu } from "@/ui/lazy-menu";
import classes from "./Shell.module.css";

const Items = lazyMenu(() => import("./OrganizationMenuItems"));

/** The organization that one works in, and the others to change to. */
export function OrganizationMenu() {
  const { organization, organizations } = useMe();
  if (organizations.length < 2) {
    return (
      <Text size="sm" fw={550} className={classes.name} px={8}>
        {organization.name}
      </Text>
    );
  }
  return (
    <Items
      target={
        <UnstyledButton
          className={classes.organization}
          aria-label={`${strings.shell.switchOrganization}: ${organization.name}`}
        >
          <span className={classes.name}>{organization.name}</span>
          <IconSelector size={15} stroke={1.7} />
        </UnstyledButton>
      }
    />
  );
}
