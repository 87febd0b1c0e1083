import { Badge, Menu } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useNavigate } from "react-router";
import { notifyError } from "@/api/hooks";
import { useMe } from "@/auth/hooks";
import { switchOrganization } from "@/auth/session";
import { strings } from "@/strings";
import type { MenuButton } from "@/ui/lazy-menu";
import { OpenedMenu } from "@/ui/OpenedMenu";

/** The organizations that one can change to. */
export default function OrganizationMenuItems({ target }: { target: MenuButton }) {
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
  return (
    <OpenedMenu target={target} position="bottom-start" width={260} shadow="md">
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
    </OpenedMenu>
  );
}
