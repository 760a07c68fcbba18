// How far a person has read, kept by this browser: a page opened later begins at what is new.

/** The number of the last message that this person saw; 0 when nothing is known. */
export function readUpTo(user) {
  try {
    return Number(localStorage.getItem(`read ${user}`)) || 0;
  } catch {
    return 0; // a browser may refuse to keep anything
  }
}

/** From now on the person has seen all up to this message. */
export function keepRead(user, id) {
  try {
    localStorage.setItem(`read ${user}`, String(id));
  } catch {
    return;
  }
}
