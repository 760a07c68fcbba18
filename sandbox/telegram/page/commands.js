// The list of the bot's commands: opened by its button or by typing "/", filtered as one types.

import { element } from "./bubbles.js";

/** Ties the list to its button and to the text field; `send(text)` is called with the chosen command. */
export function commandMenu({ list, opener, field, send }) {
  let commands = [];
  let chosen = -1;

  const shown = () => [...list.children];

  function close() {
    list.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
    chosen = -1;
  }

  function open(prefix) {
    const fitting = commands.filter(({ command }) => `/${command}`.startsWith(prefix));
    if (!fitting.length) return close();
    list.replaceChildren(...fitting.map(itemOf));
    list.hidden = false;
    list.scrollTop = 0;
    opener.setAttribute("aria-expanded", "true");
    choose(prefix === "/" ? -1 : 0);
  }

  function itemOf({ command, description }, index) {
    const item = element("div", "item");
    item.id = `command-${index}`;
    item.setAttribute("role", "option");
    item.append(element("b", "", `/${command}`), element("span", "", description));
    item.addEventListener("click", () => pick(`/${command}`));
    return item;
  }

  function choose(index) {
    const items = shown();
    chosen = index < 0 ? -1 : (index + items.length) % items.length;
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    if (chosen < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", items[chosen].id);
    items[chosen].scrollIntoView({ block: "nearest" });
  }

  function pick(text) {
    close();
    field.value = "";
    field.dispatchEvent(new Event("input"));
    send(text);
    field.focus();
  }

  opener.addEventListener("click", () => {
    if (!list.hidden) return close();
    open("/");
    field.focus();
  });
  field.addEventListener("input", () => (/^\/[a-z0-9_]*$/.test(field.value) ? open(field.value) : close()));
  document.addEventListener("click", (event) => {
    if (!list.contains(event.target) && !opener.contains(event.target) && event.target !== field) close();
  });

  return {
    set(found) {
      commands = found;
      opener.hidden = !found.length;
      if (!list.hidden) close();
    },
    /** Handles a key of the text field; true when it was meant for the list. */
    key(event) {
      if (list.hidden) return false;
      if (event.key === "Escape") close();
      else if (event.key === "ArrowDown") choose(chosen + 1);
      else if (event.key === "ArrowUp") choose(chosen < 0 ? shown().length - 1 : chosen - 1);
      else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) pick(shown()[chosen].firstChild.textContent);
      else return false;
      return true;
    },
  };
}
