// The API's own description, read from the deployment: every operation with its parameters, answers and examples.

import { h, place } from "./dom.js";
import { Panel } from "./pieces.js";

/** The view at `#/docs`. */
export class DocsView {
  title = "API";
  every = 600000;

  constructor(context) {
    this.context = context;
    this.panel = new Panel(8);
    this.element = h("div", { class: "view docs" }, h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, "The API")), this.panel.element);
  }

  load(signal) {
    if (this.panel.loaded) return Promise.resolve();
    return this.panel.load(() => this.context.api.get("openapi.json", {}, signal), (found, body) => place(body, new Description(found).parts()));
  }
}

class Description {
  constructor(document_) {
    this.document = document_;
    this.operations = Object.entries(document_.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })));
  }

  parts() {
    const { info, tags, components } = this.document;
    return h("div", { class: "stack" },
      h("section", { class: "card", "aria-label": "Overview of the API" }, h("p", {}, prose(info.summary)), h("p", { class: "hint" }, prose(info.description)),
        h("p", { class: "hint" }, "For programs: ", h("code", {}, "GET /openapi.json"), "; as a page: ", h("code", {}, "GET /docs"), ".")),
      tags.map((tag) => [h("h2", { class: "docs-tag" }, tag.name, " ", h("span", { class: "hint" }, prose(tag.description))),
        h("div", { class: "card flush" }, this.operations.filter((each) => each.tags.includes(tag.name)).map((each) => this.#operation(each)))]),
      h("h2", { class: "docs-tag" }, "Schemas"),
      h("div", { class: "card flush" }, Object.entries(components.schemas).map(([name, schema]) => h("details", { class: "part", id: anchorOf(name) },
        h("summary", {}, name), h("p", {}, prose(schema.description)), this.#fields(name, schema)))));
  }

  #operation({ path, method, operationId, summary, description, parameters, requestBody, responses }) {
    return h("details", { class: "part", id: operationId },
      h("summary", {}, h("code", { class: "route" }, `${method} ${path}`), " ", h("span", {}, summary)),
      h("p", {}, prose(description)),
      parameters?.length ? table("Parameters", ["name", "in", "type", "meaning"], parameters.map((each) => this.#resolved(each))
        .map((each) => [h("code", {}, each.name), each.in, typeOf(each.schema), prose(each.description)])) : null,
      requestBody ? Object.values(requestBody.content).map(({ schema, examples }) => [h("p", {}, "Body: ", typeOf(schema)), examplesOf(examples)]) : null,
      table("Answers", ["status", "when", "body"], Object.entries(responses).map(([status, given]) => {
        const answer = this.#resolved(given);
        return [status, prose(answer.description), Object.values(answer.content ?? {}).map(({ schema }) => typeOf(schema))];
      })),
      Object.entries(responses).flatMap(([status, { content }]) => Object.values(content ?? {}).map(({ examples }) => examplesOf(examples, `${status}, `))));
  }

  #fields(name, { properties, required = [], ...schema }) {
    if (!properties) return h("p", {}, typeOf(schema));
    return table(`Fields of ${name}`, ["field", "type", "required", "meaning"], Object.entries(properties)
      .map(([field, each]) => [h("code", {}, field), typeOf(each), required.includes(field) ? "yes" : "", prose(each.description)]));
  }

  #resolved(given) {
    if (!given.$ref) return given;
    const [, , kind, name] = given.$ref.split("/");
    return this.document.components[kind][name];
  }
}

function anchorOf(name) {
  return `schema-${name}`;
}

/** A schema in a few words; one that has a name is a button that opens it. */
function typeOf(schema) {
  if (!schema) return "any";
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1);
    return h("button", { type: "button", class: "to-place", onclick: () => {
      const found = document.getElementById(anchorOf(name));
      found.open = true;
      found.scrollIntoView();
      found.querySelector("summary").focus();
    } }, name);
  }
  if (schema.allOf) return typeOf(schema.allOf[0]);
  if (schema.anyOf) return schema.anyOf.map((each, at) => [at ? " or " : "", typeOf(each)]);
  if (schema.enum) return schema.enum.map((each, at) => [at ? ", " : "", h("code", {}, String(each))]);
  const notes = [["format", "format"], ["minimum", "from"], ["maximum", "to"], ["maxLength", "up to length"], ["default", "default"]]
    .filter(([name]) => schema[name] !== undefined && schema[name] !== null).map(([name, said]) => [`, ${said} `, h("code", {}, JSON.stringify(schema[name]))]);
  return [[schema.type ?? "any"].flat().join(" or "), schema.items ? [" of ", typeOf(schema.items)] : null, notes];
}

/** A table that scrolls by itself where it is too wide. */
export function table(caption, heads, rows) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, h("table", { class: "compact" }, h("caption", {}, caption),
    h("thead", {}, h("tr", {}, heads.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell)))))));
}

function examplesOf(examples, before = "") {
  return Object.entries(examples ?? {}).filter(([, { value }]) => value !== undefined).map(([name, { value }]) => h("details", { class: "example" },
    h("summary", {}, `Example: ${before}${name}`), h("pre", { class: "json", tabindex: "0" }, JSON.stringify(value, null, 2))));
}

/** Text in which `…` is code. */
function prose(text) {
  return (text ?? "").split(/`([^`]+)`/).map((part, at) => (at % 2 ? h("code", {}, part) : part));
}
