import { Box, Group, Menu, Text, useMantineColorScheme } from "@mantine/core";
import {
  IconBook2,
  IconCheck,
  IconDeviceDesktop,
  IconDevices,
  IconLock,
  IconLogout,
  IconMoon,
  IconSun,
} from "@tabler/icons-react";
import { Link } from "react-router";
import { useMe } from "@/auth/hooks";
import { signOut } from "@/auth/session";
import { strings } from "@/strings";
import type { MenuButton } from "@/ui/lazy-menu";
import { OpenedMenu } from "@/ui/OpenedMenu";
import { words } from "@/ui/StatusBadge";

const shell = strings.shell;

const SCHEMES = [
  { value: "light", label: shell.light, icon: IconSun },
  { value: "dark", label: shell.dark, icon: IconMoon },
  { value: "auto", label: shell.auto, icon: IconDeviceDesktop },
] as const;

/** What belongs to the person rather than to the organization. */
export default function AccountMenuItems({ target }: { target: MenuButton }) {
  const { user, role } = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <OpenedMenu target={target} position="bottom-end" width={250} shadow="md">
      <Box px="sm" py="xs">
        <Text size="sm" fw={550} truncate>
          {user.name || user.email}
        </Text>
        <Group gap={6} wrap="nowrap">
          <Text size="xs" c="dimmed" truncate>
            {user.email}
          </Text>
          <Text size="xs" c="dimmed">
            · {words(role)}
          </Text>
        </Group>
      </Box>
      <Menu.Divider />
      <Menu.Item component={Link} to="/settings/sessions" leftSection={<IconDevices size={16} />}>
        {shell.sessions}
      </Menu.Item>
      <Menu.Item component={Link} to="/settings/password" leftSection={<IconLock size={16} />}>
        {shell.password}
      </Menu.Item>
      <Menu.Item component="a" href="/docs" leftSection={<IconBook2 size={16} />}>
        {shell.apiDocs}
      </Menu.Item>
      <Menu.Divider />
      <Menu.Label>{shell.appearance}</Menu.Label>
      {SCHEMES.map(({ value, label, icon: Icon }) => (
        <Menu.Item
          key={value}
          closeMenuOnClick={false}
          leftSection={<Icon size={16} />}
          rightSection={colorScheme === value ? <IconCheck size={15} /> : null}
          onClick={() => setColorScheme(value)}
        >
          {label}
        </Menu.Item>
      ))}
      <Menu.Divider />
      <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
        {shell.signOut}
      </Menu.Item>
    </OpenedMenu>
  );
}
