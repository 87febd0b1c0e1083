import { Avatar, Box, Group, Menu, Text, UnstyledButton, useMantineColorScheme } from "@mantine/core";
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
import { words } from "@/ui/StatusBadge";

const { shell } = strings;

const SCHEMES = [
  { value: "light", label: shell.light, icon: IconSun },
  { value: "dark", label: shell.dark, icon: IconMoon },
  { value: "auto", label: shell.auto, icon: IconDeviceDesktop },
] as const;

/** What belongs to the person rather than to the organization. */
export function AccountMenu() {
  const { user, role } = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={250} shadow="md">
      <Menu.Target>
        <UnstyledButton aria-label={`${shell.account}: ${user.name || user.email}`}>
          <Avatar size={32} radius="xl" color="pine" variant="filled">
            {initials(user.name || user.email)}
          </Avatar>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
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
      </Menu.Dropdown>
    </Menu>
  );
}

/** `Ana Silva` as `AS`. */
function initials(name: string): string {
  const parts = name.split(/[\s.@_-]+/).filter(Boolean);
  return [parts[0], parts[1]].map((part) => part?.charAt(0).toUpperCase() ?? "").join("");
}
