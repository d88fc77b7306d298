// The passages that search sees: those of a page, or of a document without pages, as they come into sight.
import { html, useCallback, useEffect, useRef, useState } from "../../vendor/preact.js";
import { useComeback } from "../../lib/asking.js";
import { bringIntoSight } from "../../lib/bring_into_sight.js";
import { client } from "../../lib/client.js";
import { tellKeyIsMissing } from "../../lib/key_watch.js";
import { useFormats, useWords } from "../../lib/language.js";
import { joinLines } from "../../lib/lines.js";
import { EndOfList } from "../../parts/end_of_list.js";
import { MarkedText } from "../../parts/marked_text.js";
import { Problem } from "../../parts/notice.js";
import { words } from "./words.js";

/** `chunk` is the one that is marked; `onSpot` is told where in the whole text it stands. */
export function Passages({ id, page, chunk, hits, onSpot, onOpen }) {
  const say = useWords(words);
  const { passages, error, isAsking, next, more } = usePassages(id, page);
  const spot = passages.find((each) => each.chunk_id === chunk);
  useEffect(() => onSpot(spot ? { start: spot.char_start, end: spot.char_end } : null), [spot]);
  // One that is further down than what was loaded.
  useEffect(() => { if (chunk && !spot && next && !isAsking && !error) more(); }, [chunk, spot, next, isAsking]);
  if (!isAsking && !error && passages.length === 0) return html`<p class="soft">${say.noPassages}</p>`;
  return html`<ol class="passage-list" aria-busy=${isAsking ? "true" : null}>
      ${passages.map((each) => html`<${Passage} key=${each.chunk_id} passage=${each} isMarked=${each === spot}
        words=${hits.find((hit) => hit.chunk_id === each.chunk_id)?.highlights ?? []} onOpen=${() => onOpen(each)} />`)}
    </ol>
    ${error && html`<${Problem} error=${error} again=${more} />`}
    ${isAsking && !error && html`<div class="skeleton text-block"></div>`}
    ${next && !isAsking && !error && html`<${EndOfList} key=${next} onSeen=${more} />`}`;
}

const ROOM = 12;

function Passage({ passage, isMarked, words: highlights, onOpen }) {
  const say = useWords(words);
  const { number } = useFormats();
  const item = useRef(null);
  useEffect(() => {
    return isMarked ? bringIntoSight(item.current, item.current.closest(".pane"), ROOM) : undefined;
  }, [isMarked]);
  const spans = highlights.map((each) => ({ ...each, kind: "word" }));
  const { page_start: first, page_end: last } = passage;
  const pages = first === null ? null : first === last ? say.pageNumber(first) : say.pageNumbers(first, last);
  return html`<li ref=${item} class="passage ${isMarked ? "marked" : ""}" aria-current=${isMarked ? "true" : null}>
    <p class="place small soft numbers">
      <button type="button" class="passage-number" title=${say.markInText} onClick=${onOpen}
        aria-label=${say.markPassage(passage.position + 1)}>${number(passage.position + 1)}</button>
      ${pages && html`<span>${pages}</span>`}<span>${say.tokens(number(passage.token_count))}</span>
    </p>
    ${passage.headings.length > 0 && html`<p class="small path">${passage.headings.join(" › ")}</p>`}
    <p class="passage-text"><${MarkedText} text=${joinLines(passage.text)} spans=${spans} /></p>
  </li>`;
}

const AT_ONCE = 100;
const NOTHING = { passages: [], next: null, isAsking: true, error: null };

function usePassages(id, page) {
  const [state, setState] = useState(NOTHING);
  const isHere = useRef(true);
  const ask = useCallback(async (cursor) => {
    const settle = (change) => isHere.current && setState((before) => ({ ...before, isAsking: false, ...change(before) }));
    setState((before) => ({ ...before, isAsking: true }));
    try {
      const { items, next_cursor: next } = await client.chunks(id, { page, limit: AT_ONCE, cursor });
      settle((before) => ({ passages: [...before.passages, ...items], next, error: null }));
    } catch (error) {
      tellKeyIsMissing(error);
      settle(() => ({ error }));
    }
  }, [id, page]);
  useEffect(() => {
    isHere.current = true;
    ask(null);
    return () => { isHere.current = false; };
  }, [ask]);
  const more = () => ask(state.next);
  useComeback(state.error, () => state.isAsking || more());
  return { ...state, more };
}
