// The Bybit app: what this person's account holds there, and a hand that closes it or moves its stop.

import { element } from "./bubbles.js";

const EVERY = 3000;
const at = (id) => document.getElementById(id);

/** Ties the drawer to its button. `chat` asks the server, `words()` are the page's, `failed(error)` says what went wrong. */
export function bybitDrawer({ chat, words, failed }) {
  const drawer = at("bybit");
  const opener = at("open-bybit");
  let timer = 0;
  let shown = "";

  async function act(doing) {
    try {
      show(await doing());
    } catch (refused) {
      failed(refused);
    }
  }

  function show({ account, positions, orders }) {
    const said = words();
    const state = JSON.stringify([account, positions, orders, said.bybit]);
    if (state === shown || drawer.contains(document.activeElement?.closest("input") ?? null)) return;
    shown = state;
    at("bybit-title").textContent = said.bybit;
    const list = positions.map(positionOf);
    const open = orders.map(orderOf);
    const nothing = element("p", "none", account ? said.flat : said.no_account);
    at("bybit-body").replaceChildren(...(list.length ? list : [nothing]), ...(open.length ? [element("h3", "", said.orders), ...open] : []));
  }

  function positionOf(position) {
    const said = words();
    const card = element("section", "position");
    const long = position.side === "Buy";
    const gain = Math.round((Number(position.unrealisedPnl) || 0) * 100) / 100 || 0; // never "-0.00"
    const head = element("p", "head");
    head.append(element("b", "", position.symbol), element("span", long ? "up" : "down", ` ${long ? "Long" : "Short"} ${position.size} @ ${position.avgPrice}`));
    const now = element("p", "now", `${said.mark} ${position.markPrice} · `);
    now.append(element("span", gain < 0 ? "down" : "up", `${gain < 0 ? "" : "+"}${gain.toFixed(2)} USDT`));
    card.append(head, now, stopForm(position), closer(position));
    card.setAttribute("aria-label", position.symbol);
    return card;
  }

  function stopForm(position) {
    const said = words();
    const form = element("form", "stop");
    const label = element("label", "", `${said.stop} `);
    const field = element("input");
    Object.assign(field, { value: Number(position.stopLoss) ? position.stopLoss : "", inputMode: "decimal", placeholder: said.no_stop, autocomplete: "off" });
    label.append(field);
    const move = element("button", "", said.move);
    form.append(label, move);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      field.blur();
      act(() => chat.moveStop(position.symbol, field.value.trim() || "0"));
    });
    return form;
  }

  function closer(position) {
    const button = element("button", "close-it", words().close_position(position.symbol));
    button.type = "button";
    button.addEventListener("click", () => act(() => chat.closePosition(position.symbol)));
    return button;
  }

  function orderOf(order) {
    const price = Number(order.triggerPrice) || Number(order.price) || "";
    return element("p", "order", `${order.symbol} ${order.stopOrderType || order.orderType} ${order.side} ${order.qty} ${price && `@ ${price}`}`.trim());
  }

  function toggle(open) {
    drawer.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    clearInterval(timer);
    if (!open) return opener.focus();
    shown = "";
    act(chat.bybit);
    timer = setInterval(() => document.hidden || act(chat.bybit), EVERY);
    return at("bybit-close").focus();
  }

  opener.addEventListener("click", () => toggle(drawer.hidden));
  at("bybit-close").addEventListener("click", () => toggle(false));
  drawer.addEventListener("keydown", (event) => event.key === "Escape" && toggle(false));
  chat.bybit().then(({ address }) => (opener.hidden = !address), () => (opener.hidden = false));
}
