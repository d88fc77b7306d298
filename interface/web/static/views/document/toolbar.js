// Turning pages, the outline, and looking for words within the document.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { useFormats, useWords } from "../../lib/language.js";
import { hrefTo } from "../../lib/route.js";
import { Icon } from "../../parts/icon.js";
import { IconButton } from "../../parts/icon_button.js";
import { useSentence } from "../../parts/notice.js";
import { Outline } from "./outline.js";
import { words } from "./words.js";

export function Toolbar({ place, page, total, outline, found }) {
  const opened = (entry) => entry.page && place.turnTo(entry.page);
  return html`<div class="toolbar">
    ${outline.length > 0 && html`<${Outline} outline=${outline} current=${page} onOpen=${opened} />`}
    ${page !== null && html`<${PageTurner} page=${page} total=${total} onTurn=${place.turnTo} />`}
    <${Finder} place=${place} found=${found} />
  </div>`;
}

function PageTurner({ page, total, onTurn }) {
  const say = useWords(words);
  const { number } = useFormats();
  const [written, setWritten] = useState(String(page));
  useEffect(() => setWritten(String(page)), [page]);
  const turn = (event) => {
    event.preventDefault();
    const wanted = Math.round(Number(written));
    // Who only passes by the field stays where they are.
    if (wanted >= 1 && wanted !== page) onTurn(Math.min(wanted, total ?? wanted));
    else setWritten(String(page));
  };
  return html`<form class="turner" onSubmit=${turn}>
    <${IconButton} icon="back" look="" says=${say.previousPage} isDisabled=${page <= 1}
      onClick=${() => onTurn(page - 1)} />
    <label class="numbers"><span class="small soft">${say.page}</span>
      <input class="input" inputmode="numeric" autocomplete="off" value=${written} onBlur=${turn}
        onInput=${(event) => setWritten(event.currentTarget.value)} />
      ${total && html`<span class="small soft">${say.of(number(total))}</span>`}
    </label>
    <${IconButton} icon="next" look="" says=${say.nextPage} isDisabled=${total !== null && page >= total}
      onClick=${() => onTurn(page + 1)} />
  </form>`;
}

function Finder({ place, found }) {
  const say = useWords(words);
  const [written, setWritten] = useState(place.q);
  useEffect(() => setWritten(place.q), [place.q]);
  const look = (event) => {
    event.preventDefault();
    if (written.trim() === place.q) step(1, place, found.hits);
    else place.lookFor(written.trim());
  };
  return html`<form class="finder" role="search" onSubmit=${look}>
    <span class="with-icon"><${Icon} name="search" />
      <input class="input" type="search" aria-label=${say.find} placeholder=${say.find} value=${written}
        maxlength="4000" autocomplete="off" spellcheck="false"
        onInput=${(event) => setWritten(event.currentTarget.value)}
        onSearch=${(event) => event.currentTarget.value || place.lookFor("")} /></span>
    ${place.q && html`<${Hits} place=${place} found=${found} />`}
  </form>`;
}

function Hits({ place, found: { hits, isAsking, isFull, error } }) {
  const say = useWords(words);
  const { number } = useFormats();
  const sentence = useSentence();
  const index = hits.findIndex((hit) => hit.chunk_id === place.chunk);
  const count = `${number(hits.length)}${isFull ? "+" : ""}`;
  const counted = index < 0 ? say.hits(count, hits.length) : say.hit(number(index + 1), count);
  const said = error ? sentence(error) : isAsking ? say.searching : hits.length ? counted : say.noHit;
  return html`
    <span class="small soft numbers" role="status">${said}</span>
    ${hits.length > 0 && html`
      <${IconButton} icon="back" says=${say.previousHit} onClick=${() => step(-1, place, hits)} />
      <${IconButton} icon="next" says=${say.nextHit} onClick=${() => step(1, place, hits)} />`}
    <a class="small" href=${hrefTo(["search"], { q: place.q, document: place.id })}>${say.allHits}</a>`;
}

/** Go to the next passage that has the words, or the one before; without one, to the first from the current page on. */
function step(by, place, hits) {
  if (hits.length === 0) return;
  const index = hits.findIndex((hit) => hit.chunk_id === place.chunk);
  const near = hits.findIndex((hit) => (hit.page_start ?? 0) >= place.page);
  const next = index < 0 ? Math.max(0, near) : (index + by + hits.length) % hits.length;
  place.open(hits[next]);
}
