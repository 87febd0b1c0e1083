import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";
import { strings } from "@/strings";
import parts from "./parts.module.css";

// One accent, a deep green, on cool greys. The shades are chosen so that text in them meets 4.5:1 on both backgrounds.
const pine: MantineColorsTuple = [
  "#eef8f5",
  "#d9eee8",
  "#b3ddd2",
  "#86c9b9",
  "#5cb5a1",
  "#3a9f8a",
  "#1c8070",
  "#0f6b5f",
  "#0a564c",
  "#06413a",
];

const gray: MantineColorsTuple = [
  "#f7f9fa",
  "#eff2f4",
  "#e3e8eb",
  "#d3dade",
  "#b4bec5",
  "#8b98a1",
  "#65727c",
  "#4b5761",
  "#333d46",
  "#1d252c",
];

const dark: MantineColorsTuple = [
  "#d5dce1",
  "#b9c3ca",
  "#97a4ad",
  "#6d7a84",
  "#3a454e",
  "#2c363e",
  "#20282f",
  "#171d23",
  "#12171c",
  "#0c1014",
];

const sans =
  '"Inter Variable", Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

export const theme = createTheme({
  primaryColor: "pine",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  colors: { pine, gray, dark },
  black: "#161c21",
  fontFamily: sans,
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  defaultRadius: "md",
  radius: { xs: "0.1875rem", sm: "0.25rem", md: "0.4375rem", lg: "0.625rem", xl: "1rem" },
  fontSizes: { xs: "0.75rem", sm: "0.875rem", md: "0.9375rem", lg: "1.0625rem", xl: "1.25rem" },
  headings: {
    fontFamily: sans,
    fontWeight: "620",
    sizes: {
      h1: { fontSize: "1.5rem", lineHeight: "1.3" },
      h2: { fontSize: "1.125rem", lineHeight: "1.4" },
      h3: { fontSize: "0.9375rem", lineHeight: "1.45" },
    },
  },
  shadows: {
    xs: "0 1px 2px rgba(16, 24, 32, 0.06)",
    sm: "0 1px 3px rgba(16, 24, 32, 0.08), 0 1px 2px rgba(16, 24, 32, 0.05)",
    md: "0 6px 16px -4px rgba(16, 24, 32, 0.14), 0 2px 6px rgba(16, 24, 32, 0.06)",
  },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Badge: { classNames: { root: parts.badge, label: parts.badgeLabel } },
    Button: { defaultProps: { size: "sm" } },
    Modal: {
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.4, blur: 2 } },
      classNames: { title: parts.title },
    },
    Drawer: { classNames: { title: parts.title } },
    // A `header` outside of the page's parts would be a second banner.
    ModalHeader: { defaultProps: { component: "div" } },
    DrawerHeader: { defaultProps: { component: "div" } },
    Paper: { defaultProps: { withBorder: true, radius: "lg" } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250 } },
    Anchor: { defaultProps: { underline: "hover" } },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": strings.common.close } } },
  },
});

/** Mantine's own greys for secondary text are too light for small text. */
export const variables: CSSVariablesResolver = () => ({
  variables: { "--app-header-height": "3.5rem", "--app-sidebar-width": "15.5rem" },
  light: {
    "--mantine-color-body": "#fbfcfc",
    "--mantine-color-dimmed": gray[7],
    "--mantine-color-placeholder": gray[6],
    "--mantine-color-error": "#b42318",
    "--mantine-color-anchor": pine[7],
    "--mantine-color-default-border": gray[3],
    "--app-surface": "#ffffff",
    "--app-sidebar": gray[0],
    "--app-line": gray[2],
    "--app-hover": gray[1],
  },
  dark: {
    "--mantine-color-body": dark[8],
    "--mantine-color-text": "#e3e8ec",
    "--mantine-color-dimmed": "#a4b0b9",
    "--mantine-color-placeholder": "#8d9aa4",
    "--mantine-color-error": "#f7867b",
    "--mantine-color-anchor": pine[3],
    "--mantine-color-default-border": dark[4],
    "--app-surface": dark[7],
    "--app-sidebar": dark[9],
    "--app-line": dark[5],
    "--app-hover": dark[6],
    // Mantine's own are nearly black on our greys, or glaring.
    "--mantine-color-pine-light": "#15302b",
    "--mantine-color-pine-light-hover": "#1a3b35",
    "--mantine-color-pine-light-color": pine[2],
    "--mantine-color-gray-light": dark[5],
    "--mantine-color-gray-light-hover": dark[4],
    "--mantine-color-gray-light-color": dark[0],
    "--mantine-color-yellow-light": "#362a12",
    "--mantine-color-yellow-light-hover": "#423416",
    "--mantine-color-yellow-light-color": "#f0c987",
    "--mantine-color-red-light": "#3b1d1d",
    "--mantine-color-red-light-hover": "#482424",
    "--mantine-color-red-light-color": "#f5a9a3",
    "--mantine-color-blue-light": "#16304d",
    "--mantine-color-blue-light-hover": "#1b3a5c",
    "--mantine-color-blue-light-color": "#a6cbf3",
  },
});
