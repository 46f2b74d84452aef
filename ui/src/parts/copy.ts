/** Copies a text; also where the page came by plain HTTP, and the browser has no clipboard for it. */

export async function copy(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const before = document.activeElement;
  const place = document.createElement("textarea");
  place.value = text;
  place.className = "only-heard";
  (before?.closest("dialog") ?? document.body).append(place); // outside of an open dialog nothing can be selected
  place.select();
  document.execCommand("copy");
  place.remove();
  if (before instanceof HTMLElement) before.focus();
}
