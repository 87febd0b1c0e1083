import {
  IconActivity,
  IconBuilding,
  IconCalculator,
  IconChartBar,
  IconFolders,
  IconHistory,
  IconKey,
  IconMapPin,
  IconPackage,
  IconShieldCheck,
  IconTable,
  IconUsers,
  IconWebhook,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import { strings } from "@/strings";

export interface Entry {
  to: string;
  label: string;
  icon: ComponentType<{ size?: number; stroke?: number }>;
  /** Hidden from roles without it. */
  permission?: string;
}

const { groups } = strings.shell;

export const NAVIGATION: { label: string; entries: Entry[] }[] = [
  {
    label: groups.observe,
    entries: [
      { to: "/", label: strings.overview.title, icon: IconActivity, permission: "usage:read" },
      { to: "/usage", label: strings.usage.title, icon: IconChartBar, permission: "usage:read" },
    ],
  },
  {
    label: groups.access,
    entries: [
      { to: "/keys", label: strings.keys.title, icon: IconKey, permission: "api-keys:read" },
      { to: "/hygiene", label: strings.hygiene.title, icon: IconShieldCheck, permission: "api-keys:read" },
      { to: "/webhooks", label: strings.webhooks.title, icon: IconWebhook, permission: "webhooks:read" },
      { to: "/users", label: strings.users.title, icon: IconUsers, permission: "users:read" },
      { to: "/audit-log", label: strings.audit.title, icon: IconHistory, permission: "audit:read" },
    ],
  },
  {
    label: groups.organization,
    entries: [
      {
        to: "/organization",
        label: strings.organization.title,
        icon: IconBuilding,
        permission: "organizations:read",
      },
      { to: "/projects", label: strings.projects.title, icon: IconFolders, permission: "projects:read" },
    ],
  },
  {
    label: groups.shipping,
    entries: [
      { to: "/shipping/shipments", label: strings.shipments.title, icon: IconPackage },
      { to: "/shipping/trackers", label: strings.trackers.title, icon: IconMapPin },
      {
        to: "/shipping/rate-sheets",
        label: strings.rateSheets.title,
        icon: IconTable,
        permission: "rate-sheets:read",
      },
      { to: "/shipping/calculator", label: strings.calculator.title, icon: IconCalculator },
    ],
  },
];
