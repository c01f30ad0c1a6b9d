// Elements, made one by one: what the API says becomes text and attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `on…` are listeners, `css` sets properties by CSSOM (the policy forbids style attributes). */
export function h(tag, attributes, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

function furnished(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "css") for (const [property, given] of Object.entries(value)) element.style.setProperty(property, given);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "href" && !String(value).startsWith("#")) throw new Error("links stay on this page");
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A link that leaves this page, for where the deployment's owner said; anything but https stays text. */
export function outLink(url, text) {
  if (!/^https:\/\//i.test(url)) return text;
  const link = h("a", { target: "_blank", rel: "noopener noreferrer" }, text, h("span", { class: "unseen" }, " (in a new tab)"));
  link.setAttribute("href", url);
  return link;
}

/** Puts children in place of what a container holds; a control that had the focus has it again. */
export function place(container, ...children) {
  const active = document.activeElement;
  const name = container.contains(active) ? active.closest("[data-focus]")?.dataset.focus : undefined;
  container.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (name !== undefined) container.querySelector(`[data-focus="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
}

const shown = new WeakMap();

/** Redraws a container where its data differ from what it shows, and leaves it alone where they do not. */
export function show(container, data, draw) {
  const text = JSON.stringify(data);
  if (shown.get(container) === text) return;
  shown.set(container, text);
  place(container, draw(data));
}

/** Rows by key: those whose data did not change stay the elements that they are. */
export function showEach(container, items, key, draw) {
  const active = document.activeElement;
  const name = container.contains(active) ? active.closest("[data-focus]")?.dataset.focus : undefined;
  const kept = new Map([...container.children].map((row) => [row.dataset.key, row]));
  const rows = items.map((item) => {
    const text = JSON.stringify(item);
    const before = kept.get(key(item));
    if (before && shown.get(before) === text) return before;
    const row = draw(item);
    row.dataset.key = key(item);
    shown.set(row, text);
    return row;
  });
  const unchanged = rows.length === container.children.length && rows.every((row, at) => container.children[at] === row);
  if (!unchanged) container.replaceChildren(...rows);
  if (name !== undefined && document.activeElement !== active) {
    container.querySelector(`[data-focus="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
  }
}

let wipe;

/** Says a sentence to who listens instead of looking. */
export function announce(sentence) {
  const region = document.getElementById("said");
  region.textContent = "";
  clearTimeout(wipe);
  wipe = setTimeout(() => { region.textContent = sentence; }, 50);
}

/** A passing note at the edge of the page, for those who look; it is announced too. */
export function toast(sentence, tone = "good") {
  document.querySelector(".toast")?.remove();
  const note = h("div", { class: `toast tone-${tone}` }, h("span", {}, sentence),
    h("button", { class: "quiet", type: "button", "aria-label": "Dismiss this note", onclick: () => note.remove() }, "✕"));
  document.body.append(note);
  setTimeout(() => note.remove(), 12000);
  announce(sentence);
}

/** A copy button for an id; in a long list it is for a pointer alone, so that Tab goes from row to row. */
export function copyButton(text, what, { tabbable = true } = {}) {
  const button = h("button", {
    class: "quiet copy", type: "button", "aria-label": `Copy ${what}`, title: `Copy ${what}`, tabindex: tabbable ? null : "-1", "data-focus": `copy-${what}-${text}`,
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(text);
        announce(`${what} copied`);
        button.classList.add("done");
        setTimeout(() => button.classList.remove("done"), 1200);
      } catch {
        announce("The browser does not allow copying here");
      }
    },
  }, svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" },
    svg("path", { d: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" })));
  return button;
}
