// The part of a passage that is shown among the results: from a little before the first word that was asked for.
import { countCharacters, unitsAt } from "../../lib/spans.js";

const SHOWN = 420;
const BEFORE = 90;

/** Return `{ text, spans }`: at most some lines of the passage, and where in them the highlights stand. */
export function excerptOf(text, highlights) {
  const length = countCharacters(text);
  const first = highlights[0]?.start ?? 0;
  const wanted = first + BEFORE < SHOWN ? 0 : Math.min(first - BEFORE, length - SHOWN);
  const [from, to] = unitsAt(text, [Math.max(0, wanted), Math.max(0, wanted) + SHOWN]);
  const start = from && wordStart(text, from);
  const end = to < text.length ? wordEnd(text, to) : to;
  const lead = start ? "… " : "";
  const shift = countCharacters(text.slice(0, start)) - lead.length;
  const spans = highlights.map((each) => ({ start: each.start - shift, end: each.end - shift, kind: "word" }));
  const shown = text.slice(start, end);
  // What begins behind the cut would mark the dots.
  const left = spans.filter((each) => each.start < lead.length + countCharacters(shown));
  return { text: `${lead}${shown}${end < text.length ? " …" : ""}`, spans: left };
}

function wordStart(text, unit) {
  const blank = text.slice(unit).search(/\s/);
  return blank < 0 || blank > 30 ? unit : unit + blank + 1;
}

function wordEnd(text, unit) {
  const blank = text.lastIndexOf(" ", unit);
  return blank > unit - 30 ? blank : unit;
}
