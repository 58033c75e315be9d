"use strict";
// Texts come from a model: they reach the page through textContent and value alone.

const WORDS = { first: ["yes", "no"], second: ["yes", "no"], answer: ["yes", "no"], better: ["first", "second"] };
const at = (id) => document.getElementById(id);
let items = [], place = 0, mending = false, busy = false;

function make(tag, text, parent) {
  const made = document.createElement(tag);
  if (text !== null) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

function show() {
  mending = false;
  at("problem").textContent = "";
  at("pictures").replaceChildren();
  at("reply").replaceChildren();
  for (const id of ["keep", "mend", "drop"]) at(id).hidden = !items.length;
  at("save").hidden = at("leave").hidden = true;
  if (!items.length) { at("state").textContent = "nothing to review"; return; }
  const item = items[place], open = items.filter((one) => one.action === null).length;
  at("state").textContent = `${place + 1} of ${items.length}: ${item.action ?? "undecided"} (${open} undecided)`;
  for (let one = 0; one < item.images; one += 1) {
    const image = make("img", null, make("figure", null, at("pictures")));
    image.src = `/picture/${encodeURIComponent(item.key)}/${one}`;
    image.alt = item.images > 1 ? ["first image", "second image"][one] : "the image";
  }
  showReply(item.reply);
}

function showReply(reply) {
  const list = make("dl", null, at("reply"));
  for (const [name, value] of Object.entries(reply)) {
    if (Array.isArray(value)) { showRows(value); continue; }
    make("dt", name, list);
    make("dd", value, list);
  }
}

function showRows(rows) {
  const table = make("table", null, at("reply"));
  const head = make("tr", null, make("thead", null, table)), body = make("tbody", null, table);
  for (const name of ["", ...Object.keys(rows[0])]) make("th", name.replace("_", " "), head);
  rows.forEach((row, number) => {
    const line = make("tr", null, body);
    make("td", `r${number + 1}`, line);
    for (const value of Object.values(row)) make("td", value, line);
  });
}

function mend() {
  if (!items.length) return;
  mending = true;
  const form = make("form", null, null);
  for (const [name, value] of Object.entries(items[place].reply)) {
    if (!Array.isArray(value)) { field(name, value, form); continue; }
    value.forEach((row, number) => {
      const set = make("fieldset", null, form);
      set.dataset.list = name;
      make("legend", `r${number + 1}`, set);
      for (const [inner, said] of Object.entries(row)) field(inner, said, set);
      const out = make("button", "remove", set);
      out.type = "button";
      out.onclick = () => {
        set.remove();
        form.querySelectorAll("legend").forEach((legend, left) => { legend.textContent = `r${left + 1}`; });
      };
    });
  }
  at("reply").replaceChildren(form);
  for (const id of ["keep", "mend", "drop"]) at(id).hidden = true;
  at("save").hidden = at("leave").hidden = false;
  form.querySelector("textarea, select").focus();
}

function field(name, value, parent) {
  const label = make("label", name.replace("_", " "), parent);
  const input = make(WORDS[name] ? "select" : "textarea", null, label);
  for (const word of WORDS[name] ?? []) make("option", word, input);
  input.value = value;
  input.dataset.name = name;
  if (input.rows) input.rows = 1 + Math.floor(value.length / 70);
}

function mended() {
  const form = at("reply").querySelector("form"), reply = {};
  for (const [name, value] of Object.entries(items[place].reply)) if (Array.isArray(value)) reply[name] = [];
  for (const child of form.children) {
    if (child.tagName === "FIELDSET") reply[child.dataset.list].push(values(child));
    else Object.assign(reply, values(child));
  }
  return reply;
}

function values(parent) {
  const found = {};
  for (const input of parent.querySelectorAll("[data-name]")) found[input.dataset.name] = input.value;
  return found;
}

async function decide(action) {
  if (busy || !items.length) return;
  busy = true;
  const decision = { key: items[place].key, action };
  if (action === "mend") decision.reply = mended();
  try {
    const answer = await fetch("/decide", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(decision),
    });
    if (!answer.ok) { at("problem").textContent = `not saved: ${await answer.text()}`; return; }
    items[place] = await answer.json();
    if (place + 1 < items.length) place += 1;
    show();
  } catch (error) {
    at("problem").textContent = `not saved: ${error.message}`;
  } finally {
    busy = false;
  }
}

function go(step) {
  place = Math.min(items.length - 1, Math.max(0, place + step));
  show();
}

function next() {
  const open = items.findIndex((one, number) => number > place && one.action === null);
  const first = items.findIndex((one) => one.action === null);
  if (open >= 0 || first >= 0) { place = open >= 0 ? open : first; show(); }
}

document.addEventListener("keydown", (event) => {
  if (mending) {
    if (event.key === "Escape") show();
    else if (event.key === "Enter" && event.ctrlKey) decide("mend");
    else return;
    event.preventDefault();
    return;
  }
  const act = { k: () => decide("keep"), d: () => decide("drop"), m: mend, u: next,
    ArrowLeft: () => go(-1), ArrowRight: () => go(1) }[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey || busy) return;
  event.preventDefault();
  act();
});
at("keep").onclick = () => decide("keep");
at("drop").onclick = () => decide("drop");
at("mend").onclick = mend;
at("save").onclick = () => decide("mend");
at("leave").onclick = show;

fetch("/items").then((answer) => answer.json()).then((found) => {
  items = found;
  place = Math.max(0, items.findIndex((one) => one.action === null));
  show();
});
