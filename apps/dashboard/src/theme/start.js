// Runs before the first paint, so that nobody who chose dark sees a white page first; and before any module, so that nobody who is signed in waits
// for one file to name the next. The build fills in which files each page needs.
(() => {
  const read = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      // Storage may be forbidden.
      return null;
    }
  };
  const chosen = read("mantine-color-scheme-value") ?? "auto";
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");

  const load = (rel, name, more) => {
    const link = document.createElement("link");
    document.head.append(Object.assign(link, { rel, href: `/assets/${name}`, ...more }));
  };
  if (read("mgmt-signed-in") === null) {
    // To sign in takes few files: there is room for the type, which is then there from the start.
    load("preload", __FONT__, { as: "font", type: "font/woff2", crossOrigin: "" });
    return;
  }
  const files = __FILES__;
  const pages = __PAGES__;
  const [, first] = location.pathname.split("/");
  for (const index of pages[`/${first}`] ?? []) load("modulepreload", files[index]);
})();
