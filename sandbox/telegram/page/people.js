// Who is chatting: another person's chat, a name, a language, and the block of the bot.

import { element } from "./bubbles.js";

const KNOWN = [1001, 1002];
const at = (id) => document.getElementById(id);

/** Ties the dialog to the person button. Another number opens that person's chat; the rest is changed at once. */
export function peopleDialog({ user, facts, words, change, failed }) {
  function fillIn() {
    const said = words();
    const person = facts();
    for (const [id, text] of Object.entries({
      "people-title": said.people, "label-id": said.id, "label-first": said.first, "label-language": said.language,
      "label-blocked": said.blocked, "people-cancel": said.cancel, "people-save": said.save,
    })) at(id).textContent = text;
    at("known").setAttribute("aria-label", said.people);
    at("known").replaceChildren(...[...new Set([...KNOWN, user])].map(chipOf));
    at("beside").textContent = said.beside;
    at("beside").href = `/?user=${user}&beside=${KNOWN.find((id) => id !== user)}`;
    at("beside").hidden = window.parent !== window; // it stands beside another already
    at("field-id").value = user;
    at("field-first").value = person.first_name;
    at("field-language").value = /^ru/i.test(person.met ? person.language_code : navigator.language) ? "ru" : "en";
    at("field-blocked").checked = person.blocked;
    onlyHere();
  }

  function chipOf(id) {
    const chip = element("button", id === user ? "chip chosen" : "chip", String(id));
    chip.type = "button";
    chip.setAttribute("aria-pressed", String(id === user));
    chip.addEventListener("click", () => (id === user ? at("people").close() : go(id)));
    return chip;
  }

  function go(id) {
    location.search = `?user=${id}`;
  }

  /** Name, language and block belong to the person on the page, not to one that is only being opened. */
  function onlyHere() {
    const here = Number(at("field-id").value) === user;
    for (const id of ["field-first", "field-language", "field-blocked"]) at(id).disabled = !here;
  }

  at("person").addEventListener("click", () => {
    fillIn();
    at("people").showModal();
  });
  at("field-id").addEventListener("input", onlyHere);
  at("people-cancel").addEventListener("click", () => at("people").close());
  at("people").addEventListener("click", (event) => event.target === at("people") && at("people").close());
  at("people-form").addEventListener("submit", () => {
    const id = Number(at("field-id").value);
    if (id !== user) return go(id);
    const first = at("field-first").value.trim() || facts().first_name;
    change({ first_name: first, language_code: at("field-language").value, blocked: at("field-blocked").checked }).catch(failed);
  });
}
