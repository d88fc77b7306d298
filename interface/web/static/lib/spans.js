// Cuts texts at places that the server counts in Unicode characters, where strings count units of UTF-16.

/**
 * Return `text` in pieces `{ text, kinds }`, cut where `spans` `{ start, end, kind }` begin and end. Spans may overlap,
 * and those that lie partly or wholly outside of the text are cut to it.
 */
export function cutAtSpans(text, spans) {
  const length = countCharacters(text);
  const inside = spans.map((span) => ({ ...span, start: Math.max(0, span.start), end: Math.min(length, span.end) }));
  const real = inside.filter(({ start, end }) => start < end);
  const places = [...new Set([0, length, ...real.flatMap(({ start, end }) => [start, end])])].sort((a, b) => a - b);
  const units = unitsAt(text, places);
  return places.slice(0, -1).map((place, index) => {
    const over = real.filter(({ start, end }) => start <= place && place < end);
    return { text: text.slice(units[index], units[index + 1]), kinds: new Set(over.map(({ kind }) => kind)) };
  });
}

export function countCharacters(text) {
  let count = 0;
  for (let unit = 0; unit < text.length; unit += widthAt(text, unit)) count++;
  return count;
}

/** Return where in the string the characters of the ascending numbers `places` begin. */
export function unitsAt(text, places) {
  let unit = 0;
  let passed = 0;
  return places.map((place) => {
    for (; passed < place && unit < text.length; passed++) unit += widthAt(text, unit);
    return unit;
  });
}

function widthAt(text, unit) {
  return text.codePointAt(unit) > 0xffff ? 2 : 1;
}
