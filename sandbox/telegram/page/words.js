// The page's own words, in the person's language.

const WORDS = {
  en: {
    bot: "bot", connecting: "connecting…", waiting: "the bot is not here yet", typing: "typing…", photo: "sends a photo…", document: "sends a file…", thinking: "Thinking…",
    message: "Message", menu: "Menu", send: "Send", start: "START", unblock: "UNBLOCK", today: "Today", yesterday: "Yesterday",
    edited: "edited", copied: "Copied", photoName: "Photo", earlier: "Earlier messages", down: "To the newest message",
    fresh: (n) => (n === 1 ? "1 new message" : `${n} new messages`),
    lost: "This did not reach the practice Telegram. Try again.", gone: "This message is no longer in the chat.",
    person: (name, id) => `You are ${name} (${id}). Change person`, people: "Who is chatting?", id: "Number", first: "First name",
    language: "Language", blocked: "Bot blocked", cancel: "Cancel", save: "Save", close: "Close", pinned: "Pinned message",
    what: "What can this bot do?", nothing: "No messages here yet.", hint: "Press START to begin. Everything here runs on this machine; no real Telegram and no real money.",
    you: "You", botSays: "Bot", spoiler: "Hidden text; press to show", disabled: "not available now", file: "File", save_file: (name) => `Save the file ${name}`, bybit: "Bybit app (practice)", flat: "No open positions.", no_account: "This person has no account here.", orders: "Open orders", mark: "Now",
    stop: "Stop", no_stop: "none", move: "Move", move_stop: (symbol) => `Move the stop of ${symbol}`, close_position: (symbol) => `Close ${symbol}`, unread: "Unread messages",
    reaction: (emoji, n) => (n > 1 ? `Reaction ${emoji}, ${n}` : `Reaction ${emoji}`),
    messages: "Messages", disconnected: "Connection lost. Trying again…", actions: "Message actions", answer: "Reply", copy_text: "Copy text", change: "Edit",
    answering: "Reply", changing: "Edit message", leave: "Leave it", of: (n, all) => `${n} of ${all}`, before: "Previous photo", after: "Next photo", nearer: "Nearer", farther: "Farther",
    equity: "Equity", available: "Available", side: { Buy: "Long", Sell: "Short" }, does: { Buy: "Buy", Sell: "Sell" },
    kind: { StopLoss: "Stop loss", TakeProfit: "Take profit", TrailingStop: "Trailing stop", PartialStopLoss: "Stop loss, a part", PartialTakeProfit: "Take profit, a part", Limit: "Limit", Market: "Market" },
    entry: "Entry", target: "Target", beside: "Two people side by side",
  },
  ru: {
    bot: "бот", connecting: "соединение…", waiting: "бота пока нет", typing: "печатает…", photo: "отправляет фото…", document: "отправляет файл…", thinking: "Думает…",
    message: "Сообщение", menu: "Меню", send: "Отправить", start: "СТАРТ", unblock: "РАЗБЛОКИРОВАТЬ", today: "Сегодня", yesterday: "Вчера",
    edited: "изменено", copied: "Скопировано", photoName: "Фото", earlier: "Более ранние сообщения", down: "К последнему сообщению",
    fresh: (n) => `${n} ${plural(n, "новое сообщение", "новых сообщения", "новых сообщений")}`,
    lost: "Не дошло до учебного Telegram. Попробуйте ещё раз.", gone: "Этого сообщения больше нет в чате.",
    person: (name, id) => `Вы ${name} (${id}). Сменить человека`, people: "Кто пишет?", id: "Номер", first: "Имя",
    language: "Язык", blocked: "Бот заблокирован", cancel: "Отмена", save: "Сохранить", close: "Закрыть", pinned: "Закреплённое сообщение",
    what: "Что умеет этот бот?", nothing: "Здесь пока нет сообщений.", hint: "Нажмите СТАРТ, чтобы начать. Всё работает на этом компьютере: без настоящего Telegram и без настоящих денег.",
    you: "Вы", botSays: "Бот", spoiler: "Скрытый текст; нажмите, чтобы показать", disabled: "сейчас недоступно", file: "Файл", save_file: (name) => `Сохранить файл ${name}`, bybit: "Приложение Bybit (учебное)", flat: "Открытых позиций нет.", no_account: "У этого человека здесь нет счёта.", orders: "Открытые ордера", mark: "Сейчас",
    stop: "Стоп", no_stop: "нет", move: "Сдвинуть", move_stop: (symbol) => `Сдвинуть стоп ${symbol}`, close_position: (symbol) => `Закрыть ${symbol}`, unread: "Непрочитанные сообщения",
    reaction: (emoji, n) => (n > 1 ? `Реакция ${emoji}, ${n}` : `Реакция ${emoji}`),
    messages: "Сообщения", disconnected: "Связь потеряна. Пробую снова…", actions: "Действия с сообщением", answer: "Ответить", copy_text: "Скопировать текст", change: "Изменить",
    answering: "Ответ", changing: "Изменение сообщения", leave: "Оставить", of: (n, all) => `${n} из ${all}`, before: "Предыдущее фото", after: "Следующее фото", nearer: "Ближе", farther: "Дальше",
    equity: "Капитал", available: "Доступно", side: { Buy: "Лонг", Sell: "Шорт" }, does: { Buy: "Покупка", Sell: "Продажа" },
    kind: { StopLoss: "Стоп-лосс", TakeProfit: "Тейк-профит", TrailingStop: "Скользящий стоп", PartialStopLoss: "Стоп-лосс, часть", PartialTakeProfit: "Тейк-профит, часть", Limit: "Лимитный", Market: "Рыночный" },
    entry: "Вход", target: "Цель", beside: "Два человека рядом",
  },
};

function plural(n, one, few, many) {
  const form = new Intl.PluralRules("ru").select(n);
  return form === "one" ? one : form === "few" ? few : many;
}

/** "ru" for Russian, "en" for every other language. */
export function spoken(language) {
  return /^ru\b/i.test(language || "") ? "ru" : "en";
}

/** All words for a language code. */
export function wordsFor(language) {
  return WORDS[spoken(language)];
}
