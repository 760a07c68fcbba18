// Where the person looks: changes of the chat do not move it, and at the bottom it stays at the bottom.

const NEAR = 48; // px from the bottom that still count as "at the bottom"

/** Keeps the place in the scrolled element; `nodes()` are the messages in it, oldest first. */
export function placeIn(scroll, nodes) {
  let wasAtBottom = true; // before a resize or a picture moved things

  const atBottom = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;

  function toBottom() {
    scroll.scrollTop = scroll.scrollHeight;
  }

  /** Does `change`; the bottom, or else the first visible message, stays where it is. */
  function keeping(change) {
    const bottom = atBottom();
    const top = scroll.getBoundingClientRect().top;
    const anchor = bottom ? undefined : nodes().find((node) => node.getBoundingClientRect().bottom > top);
    const before = anchor ? anchor.getBoundingClientRect().top : 0;
    change();
    if (bottom) toBottom();
    else if (anchor && anchor.isConnected) scroll.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  scroll.addEventListener("scroll", () => (wasAtBottom = atBottom()));
  new ResizeObserver(() => wasAtBottom && toBottom()).observe(scroll);
  scroll.addEventListener("load", (event) => event.target.tagName === "IMG" && wasAtBottom && toBottom(), true);
  return { atBottom, toBottom, keeping };
}
