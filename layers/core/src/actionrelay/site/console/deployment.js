// What the page knows of its deployment when it was served: settings, and nobody's data.

import { outLink } from "./dom.js";

/** One of `auth`, `region`, `contract`, `runbook`; empty where nothing was said. */
export function setting(name) {
  return document.querySelector(`meta[name="actionrelay-${name}"]`)?.content ?? "";
}

/** Whether another attempt goes out under the same id, so that Genesys Cloud runs nothing twice. */
export function repeatsAreSafe() {
  return setting("contract") === "data-actions";
}

/** A link to a section of the runbook (its title and its anchor), or its title alone where nobody said where the runbook is. */
export function runbook(title, anchor) {
  const url = setting("runbook");
  return url ? outLink(url.includes("#") ? url : `${url}#${anchor}`, `Runbook: ${title}`) : `docs/runbook.md, “${title}”`;
}
