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

  function show({ account, positions, orders, wallet }) {
    const said = words();
    const state = JSON.stringify([account, positions, orders, wallet, said.bybit]);
    if (state === shown || drawer.contains(document.activeElement?.closest("input") ?? null)) return;
    shown = state;
    at("bybit-title").textContent = said.bybit;
    const focused = document.activeElement?.closest("#bybit-body button")?.getAttribute("aria-label");
    const nothing = element("p", "none", account ? said.flat : said.no_account);
    at("bybit-body").replaceChildren(
      ...(wallet ? [walletOf(wallet)] : []),
      ...(positions.length ? positions.map(positionOf) : [nothing]),
      ...(orders.length ? [element("h3", "", said.orders), listOf(orders)] : []),
    );
    const again = focused && [...at("bybit-body").querySelectorAll("button")].find((button) => button.getAttribute("aria-label") === focused);
    if (focused) (again || at("bybit-close")).focus();
  }

  function walletOf({ equity, available }) {
    const said = words();
    const line = element("dl", "facts");
    line.append(...pair(said.equity, `${money(equity)} USDT`), ...pair(said.available, `${money(available)} USDT`));
    return line;
  }

  function positionOf(position) {
    const said = words();
    const card = element("section", "position");
    const gain = Math.round((Number(position.unrealisedPnl) || 0) * 100) / 100 || 0; // never "-0.00"
    const head = element("p", "head");
    const side = `${said.side[position.side]} ${position.size}`;
    head.append(element("b", "", position.symbol), element("span", position.side === "Buy" ? "tag up" : "tag down", side));
    head.append(element("span", gain < 0 ? "gain down" : "gain up", `${gain < 0 ? "" : "+"}${money(gain)} USDT`));
    const facts = element("dl", "facts");
    facts.append(...pair(said.entry, position.avgPrice), ...pair(said.mark, position.markPrice));
    if (Number(position.takeProfit)) facts.append(...pair(said.target, position.takeProfit));
    card.append(head, facts, stopForm(position), closer(position));
    card.setAttribute("aria-label", position.symbol);
    return card;
  }

  function pair(name, value) {
    return [element("dt", "", name), element("dd", "", value)];
  }

  function money(value) {
    return Number(value).toLocaleString(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }

  function stopForm(position) {
    const said = words();
    const form = element("form", "stop");
    const label = element("label", "", said.stop);
    const field = element("input");
    Object.assign(field, { value: Number(position.stopLoss) ? position.stopLoss : "", inputMode: "decimal", placeholder: said.no_stop, autocomplete: "off" });
    label.append(field);
    const move = element("button", "", said.move);
    move.setAttribute("aria-label", said.move_stop(position.symbol));
    form.append(label, move);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      move.focus();
      act(() => chat.moveStop(position.symbol, field.value.trim() || "0"));
    });
    return form;
  }

  function closer(position) {
    const text = words().close_position(position.symbol);
    const button = element("button", "close-it", text);
    button.type = "button";
    button.setAttribute("aria-label", text);
    button.addEventListener("click", () => act(() => chat.closePosition(position.symbol)));
    return button;
  }

  function listOf(orders) {
    const list = element("ul", "orders");
    list.append(...orders.map(orderOf));
    return list;
  }

  function orderOf(order) {
    const said = words();
    const price = Number(order.triggerPrice) || Number(order.price) || "";
    const line = element("li", "order");
    const kind = order.stopOrderType || order.orderType;
    line.append(element("b", "", order.symbol), element("span", "", said.kind[kind] || kind));
    line.append(element("span", "wish", `${said.does[order.side]} ${order.qty}${price && ` @ ${price}`}`));
    return line;
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
