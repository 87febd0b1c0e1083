import { Badge, Menu, Text, UnstyledButton } from "@mantine/core";
import { IconCheck, IconSelector } from "@tabler/icons-react";
import { useNavigate } from "react-router";
import { notifyError } from "@/api/hooks";
import { useMe } from "@/auth/hooks";
import { switchOrganization } from "@/auth/session";
import { strings } from "@/strings";
import classes from "./Shell.module.css";

/** The organization that one works in, and the others to change to. */
export function OrganizationMenu() {
  const { organization, organizations } = useMe();
  const navigate = useNavigate();
  const go = async (id: string) => {
    try {
      await switchOrganization(id);
      // Whatever is open belongs to the former organization.
      await navigate("/");
    } catch (error) {
      notifyError(error);
    }
  };
  if (organizations.length < 2) {
    return (
      <Text size="sm" fw={550} className={classes.name} px={8}>
        {organization.name}
      </Text>
    );
  }
  return (
    <Menu position="bottom-start" width={260} shadow="md">
      <Menu.Target>
        <UnstyledButton
          className={classes.organization}
          aria-label={`${strings.shell.switchOrganization}: ${organization.name}`}
        >
          <span className={classes.name}>{organization.name}</span>
          <IconSelector size={15} stroke={1.7} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{strings.shell.organizations}</Menu.Label>
        {organizations.map(({ id, name, is_operator }) => (
          <Menu.Item
            key={id}
            onClick={() => (id === organization.id ? undefined : void go(id))}
            rightSection={id === organization.id ? <IconCheck size={15} /> : null}
          >
            {name}{" "}
            {is_operator ? (
              <Badge variant="default" size="xs" tt="none">
                {strings.shell.operator}
              </Badge>
            ) : null}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
