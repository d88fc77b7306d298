// The text of a page, or of a document without pages.
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { useAnswer } from "../../lib/asking.js";
import { bringIntoSight } from "../../lib/bring_into_sight.js";
import { client } from "../../lib/client.js";
import { useWords } from "../../lib/language.js";
import { joinLines } from "../../lib/lines.js";
import { countCharacters } from "../../lib/spans.js";
import { EndOfList } from "../../parts/end_of_list.js";
import { MarkedText } from "../../parts/marked_text.js";
import { Problem } from "../../parts/notice.js";
import { countedFrom } from "./finding.js";
import { words } from "./words.js";

export function PageText({ id, page, spans }) {
  const say = useWords(words);
  const { answer, error, again } = useAnswer(() => textOf(id, page), [id, page]);
  const text = useMarkInSight(spans, answer);
  if (error) return html`<${Problem} error=${error} again=${again} />`;
  if (answer === null) return html`<div class="skeleton text-block"></div>`;
  if (!answer.trim()) return html`<p class="soft">${say.noText}</p>`;
  return html`<div class="text-of-page" ref=${text}><${MarkedText} text=${joinLines(answer)} spans=${spans} /></div>`;
}

/** A page on which nothing could be read has no text. */
async function textOf(id, page) {
  try {
    return await client.text(id, page);
  } catch (error) {
    if (error.code !== "page_not_found") throw error;
    return "";
  }
}

export function WholeText({ id, spans }) {
  const { answer, error, again } = useAnswer(() => client.text(id), [id]);
  if (error) return html`<${Problem} error=${error} again=${again} />`;
  if (answer === null) return html`<div class="skeleton text-block"></div>`;
  return html`<${Sections} text=${answer} spans=${spans} />`;
}

/** Drawn by sections as one reads on: a book in one piece would stop the page for seconds. */
function Sections({ text, spans }) {
  const sections = useMemo(() => sectionsOf(text), [text]);
  const [shown, setShown] = useState(1);
  const marked = spans.find(({ kind }) => kind === "passage");
  const needed = marked ? sections.findIndex(({ end }) => marked.start < end) + 1 : 0;
  const drawn = Math.max(shown, needed);
  const whole = useMarkInSight(spans, text);
  return html`<div class="text-of-page" ref=${whole}>
    ${sections.slice(0, drawn).map(({ text, start }) => html`<div class="section" key=${start}>
      <${MarkedText} text=${text} spans=${countedFrom(start, spans)} /></div>`)}
    ${drawn < sections.length && html`<${EndOfList} key="more-${drawn}" onSeen=${() => setShown(drawn + 1)} />`}
  </div>`;
}

const SECTION = 12_000;

/** Cut behind the ends of lines; `start` and `end` count Unicode characters. */
function sectionsOf(text) {
  const sections = [];
  for (let unit = 0, start = 0; unit < text.length;) {
    const line = text.indexOf("\n", unit + SECTION);
    const next = line < 0 ? text.length : line + 1;
    const section = text.slice(unit, next);
    const end = start + countCharacters(section);
    sections.push({ text: section, start, end });
    [unit, start] = [next, end];
  }
  return sections;
}

const ROOM = 80;

/** Bring the marked passage, else the first marked word, into sight. */
function useMarkInSight(spans, text) {
  const element = useRef(null);
  const marked = spans.find(({ kind }) => kind === "passage") ?? spans.find(({ start }) => start >= 0);
  useEffect(() => {
    const mark = element.current?.querySelector(".passage-mark") ?? element.current?.querySelector("mark");
    return mark ? bringIntoSight(mark, mark.closest(".pane"), ROOM) : undefined;
  }, [marked?.start, marked?.kind, text]);
  return element;
}
