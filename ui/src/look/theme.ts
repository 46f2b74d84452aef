/** Runs before the first frame, as a script of its own that waits for nothing: which theme, and how dense the rows. */

(() => {
  try {
    const { theme, rows } = JSON.parse(localStorage.getItem("refold.settings") ?? "{}") as { theme?: string; rows?: string };
    if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
    if (rows === "dense") document.documentElement.dataset["rows"] = rows;
  } catch {
    // whatever stands there is nothing that we have written: as if there were nothing
  }
})();
