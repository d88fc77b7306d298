// Whether the server asks for a key that this page does not have: then the whole page asks for it.
const asked = new Set();

/** Take note of an error that any call has raised. */
export function tellKeyIsMissing(error) {
  if (error?.status === 401) asked.forEach((tell) => tell(error));
}

export function onMissingKey(tell) {
  asked.add(tell);
  return () => asked.delete(tell);
}
