import "./theme/mantine";
import "./theme/global.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { setNonce } from "get-nonce";
import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router/dom";
import { asApiError } from "./api/error";
import { startSession } from "./auth/session";
import { makeRouter } from "./routes";
import { Notices } from "./shell/Notices";
import { serverState, styleNonce } from "./shell/server-state";
import { theme, variables } from "./theme/theme";

// At once, while the code of the page is fetched. An empty database has no sessions.
if (serverState() !== "empty") void startSession();

const nonce = styleNonce();
// For the style sheet that keeps the page from scrolling behind a dialog.
setNonce(nonce);

const client = new QueryClient({
  defaultOptions: {
    // Offline is an error that one sees and can repeat, not a wait without an end.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 15_000,
      // What will fail again is not repeated; what may pass, twice.
      retry: (count, error) => count < 2 && asApiError(error).isTemporary && asApiError(error).status !== 429,
    },
  },
});

const root = document.getElementById("root");
const app = (
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={client}>
        <Notices />
        <RouterProvider router={makeRouter()} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>
);
// As a transition it is rendered in pieces, and the browser can do other things in between.
if (root) startTransition(() => createRoot(root).render(app));
