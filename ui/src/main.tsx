/** The UI begins: router and data around the frame. */

import "./look/tokens.css";
import "./look/fonts.css";
import "./look/base.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRouter, RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { PREFIX } from "./api/place";
import { Problem } from "./api/problem";
import { routes } from "./pages/registry";
import { readSearch, writeSearch } from "./pages/search";

const router = createRouter({
  routeTree: routes,
  basepath: PREFIX === "" ? "/" : PREFIX,
  parseSearch: readSearch,
  stringifySearch: writeSearch,
  defaultPreload: "intent",
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

/** Reading goes on by itself when the server is back; what the server refused for good is not asked for again. */
const data = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      networkMode: "always",
      retry: (_, error) => error instanceof Problem && error.isPassing,
      retryDelay: (tries, error) => Math.max(((error as Problem).retryAfterS ?? 0) * 1_000, Math.min(10_000, 500 * 2 ** tries)),
    },
    mutations: { networkMode: "always" },
  },
});

/** What the shell links to lies relative to the address that it came from; that changes, and the links would with it. */
for (const link of document.querySelectorAll("link")) link.setAttribute("href", link.href);

const place = document.getElementById("root");
if (place === null) throw new Error("the shell has no #root");
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={data}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
