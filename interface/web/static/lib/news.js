// Short news at the edge of the page ("Deleted: 12 passages"), read aloud by screen readers.
const listeners = new Set();

/** Show a sentence for some seconds. */
export function tell(sentence) {
  listeners.forEach((listener) => listener(sentence));
}

export function onNews(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
