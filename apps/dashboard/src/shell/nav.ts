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

const titles = strings.titles;
const { groups } = strings.shell;

export const NAVIGATION: { label: string; entries: Entry[] }[] = [
  {
    label: groups.observe,
    entries: [
      { to: "/", label: titles.overview, icon: IconActivity, permission: "usage:read" },
      { to: "/usage", label: titles.usage, icon: IconChartBar, permission: "usage:read" },
    ],
  },
  {
    label: groups.access,
    entries: [
      { to: "/keys", label: titles.keys, icon: IconKey, permission: "api-keys:read" },
      { to: "/hygiene", label: titles.hygiene, icon: IconShieldCheck, permission: "api-keys:read" },
      { to: "/webhooks", label: titles.webhooks, icon: IconWebhook, permission: "webhooks:read" },
      { to: "/users", label: titles.users, icon: IconUsers, permission: "users:read" },
      { to: "/audit-log", label: titles.audit, icon: IconHistory, permission: "audit:read" },
    ],
  },
  {
    label: groups.organization,
    entries: [
      {
        to: "/organization",
        label: titles.organization,
        icon: IconBuilding,
        permission: "organizations:read",
      },
      { to: "/projects", label: titles.projects, icon: IconFolders, permission: "projects:read" },
    ],
  },
  {
    label: groups.shipping,
    entries: [
      { to: "/shipping/shipments", label: titles.shipments, icon: IconPackage },
      { to: "/shipping/trackers", label: titles.trackers, icon: IconMapPin },
      {
        to: "/shipping/rate-sheets",
        label: titles.rateSheets,
        icon: IconTable,
        permission: "rate-sheets:read",
      },
      { to: "/shipping/calculator", label: titles.calculator, icon: IconCalculator },
    ],
  },
];
