// Everything the page says to the practice Telegram and hears from it.

/** One request; the JSON of the answer. Throws an Error whose `status` is 0 when nobody answered. */
async function ask(method, address, body) {
  let answer;
  try {
    answer = await fetch(address, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (away) {
    throw Object.assign(new Error(String(away)), { status: 0 });
  }
  const told = await answer.json().catch(() => null);
  if (!answer.ok) throw Object.assign(new Error((told && told.error) || answer.statusText), { status: answer.status });
  return told;
}

/** The person's side of one chat. */
export function chatOf(user) {
  const base = `/chat/${user}`;
  return {
    facts: () => ask("GET", base),
    change: (facts) => ask("PUT", base, facts),
    newest: (count) => ask("GET", `${base}/messages?last=${count}`),
    before: (id, count) => ask("GET", `${base}/messages?last=${count}&before=${id}`),
    write: (text, replyTo) => ask("POST", `${base}/messages`, replyTo ? { text, reply_to: replyTo } : { text }),
    rewrite: (id, text) => ask("PUT", `${base}/messages`, { message_id: id, text }),
    tap: (id, data) => ask("POST", `${base}/taps`, { message_id: id, data }),
    bybit: () => ask("GET", `${base}/bybit`),
    closePosition: (symbol) => ask("POST", `${base}/bybit/close`, { symbol }),
    moveStop: (symbol, price) => ask("POST", `${base}/bybit/stop`, { symbol, price }),
    react: (id, emoji) => ask("POST", `${base}/reactions`, { message_id: id, emoji }),
    commands: () => ask("GET", `${base}/commands`),
    listen: (hear, here, away) => listen(`${base}/events`, hear, here, away),
  };
}

const EVENTS = ["message", "gone", "action", "person", "pins", "draft", "commands", "profile"];

/** Keeps one event stream open for good: `here()` at each (re)connection, `away()` when it is lost. */
function listen(address, hear, here, away) {
  const source = new EventSource(address);
  source.addEventListener("hello", here);
  for (const name of EVENTS) source.addEventListener(name, (event) => hear(name, JSON.parse(event.data)));
  source.onerror = () => {
    away();
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(address, hear, here, away), 2000);
  };
}
