// A dialog that asks one thing: what is under way can't be dismissed, and a fault is said where the reader is.

import { h, place } from "./dom.js";

/** The dialog; who extends it fills `body`, and decides when the form is sent. */
export class ModalDialog {
  constructor({ title, confirm, danger = false, leave = "Leave it as it is", decide }) {
    this.asking = false;
    this.words = confirm;
    this.body = h("div", { class: "dialog-body" });
    this.fault = h("div", { class: "fault", role: "alert" });
    this.confirm = h("button", { type: "submit", class: danger ? "button danger" : "button strong" }, confirm);
    this.leave = h("button", { type: "button", class: "button", onclick: () => this.close() }, leave);
    this.element = h("dialog", { "aria-labelledby": "dialog-title" },
      h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); if (!this.asking && !this.confirm.disabled) decide(); } },
        h("h2", { id: "dialog-title" }, title), this.body, this.fault, h("div", { class: "dialog-buttons" }, this.leave, this.confirm)));
  }

  open() {
    document.body.append(this.element);
    this.element.addEventListener("cancel", (event) => { if (this.asking) event.preventDefault(); });
    this.element.addEventListener("close", () => this.element.remove());
    this.element.showModal();
  }

  close() {
    this.element.close();
  }

  say(said) {
    place(this.fault, said ? h("div", { class: "note tone-bad" }, said) : null);
  }

  saysOnConfirm(words) {
    this.words = words;
    if (!this.asking) this.confirm.textContent = words;
  }

  /** Runs what can't be taken back: until it has ended nothing dismisses the dialog. */
  async during(act, failed) {
    this.#ask(true);
    try {
      await act();
    } catch (error) {
      failed(error);
    } finally {
      this.#ask(false);
    }
  }

  #ask(asking) {
    this.asking = asking;
    // A browser lets a second Escape close a dialog that has refused the first; it must not come to that.
    if (asking) addEventListener("keydown", heldOpen, true);
    else removeEventListener("keydown", heldOpen, true);
    this.confirm.disabled = asking;
    this.leave.disabled = asking;
    this.confirm.textContent = asking ? "Asking…" : this.words;
  }
}

function heldOpen(event) {
  if (event.key === "Escape") event.preventDefault();
}
