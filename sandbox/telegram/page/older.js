// Messages above what is loaded: their first lines for those that answer them, and the way back to them.

/** `chat` asks the server, `log` holds what is loaded, `more()` loads one page further up and says whether there was any,
 *  `learnt(id)` hears that a line is known. */
export function olderMessages({ chat, log, more, learnt }) {
  const lines = new Map(); // by id; null for a message that is gone

  return {
    /** The first line of any message; null when it is gone, "…" until it is known. */
    line(id) {
      if (log.has(id)) return log.line(id);
      if (!lines.has(id)) {
        lines.set(id, "…");
        chat.before(id + 1, 1).then(
          ([found]) => {
            lines.set(id, found?.message_id === id ? log.lineOf(found) : null);
            learnt(id);
          },
          () => lines.delete(id), // asked again with the next drawing
        );
      }
      return lines.get(id);
    },
    /** A message that is no longer there. */
    gone: (id) => lines.set(id, null),
    /** Loads as far up as the message stands; false when the chat does not hold it. */
    async reach(id) {
      while (!log.has(id) && id < log.oldest() && (await more())) continue;
      return log.has(id);
    },
  };
}
