// What stands in a document: its pages as pictures, their text, and the passages, side by side or one at a time.
import { html, useEffect, useRef } from "../../vendor/preact.js";
import { useAnswer } from "../../lib/asking.js";
import { client } from "../../lib/client.js";
import { useWords } from "../../lib/language.js";
import { go } from "../../lib/route.js";
import { Problem, useSentence } from "../../parts/notice.js";
import { countedFrom, pageOfWords, useHits, wordsIn } from "./finding.js";
import { usePageKeys } from "./page_keys.js";
import { usePages } from "./pages.js";
import { Panes } from "./panes.js";
import { Toolbar } from "./toolbar.js";
import { words } from "./words.js";

/** Draws nothing as long as nothing of the document can be read. */
export function Reading({ document, status, details, route }) {
  const id = document.document_id;
  const { answer: first, error, again } = useAnswer(async () => (await client.chunks(id, { limit: 1 })).items, [id]);
  const total = useLastKnown(status.pages.total);
  if (error) return html`<${Problem} error=${error} again=${again} />`;
  if (!first?.length) return null;
  const hasPages = first[0].page_start !== null;
  const Kind = hasPages ? PagedReading : PlainReading;
  return html`<${Kind} document=${document} total=${total} outline=${details.answer?.outline ?? []} route=${route} />`;
}

/** A passage that was opened begins on one page, and its words may stand on the next. */
function useTurnToWords(place, page, pages, hits) {
  const hit = hits.find((each) => each.chunk_id === place.chunk);
  const isAtBegin = hit !== undefined && hit.page_start === page && hit.page_end > page;
  const wanted = isAtBegin ? pageOfWords(hit, pages.pageAt) : page;
  useEffect(() => { if (isAtBegin) pages.want(hit.page_end); }, [isAtBegin, hit?.page_end]);
  useEffect(() => { if (wanted !== page) place.follow(wanted); }, [wanted, page]);
}

/** While the document is processed anew, its pages are not counted yet. */
function useLastKnown(total) {
  const kept = useRef(null);
  kept.current = total ?? kept.current;
  return kept.current;
}

function PagedReading({ document, total, outline, route }) {
  const place = usePlace(document.document_id, route);
  const page = Math.max(1, Math.min(place.page, total ?? Infinity));
  const mayHavePictures = hasPagePictures(document);
  const pages = usePages(document.document_id, { current: page, total, mayHavePictures });
  const found = useHits(document.document_id, place.q);
  usePageKeys(page, total, place.turnTo);
  useTurnToWords(place, page, pages, found.hits);
  const begin = pages.pageAt(page)?.char_start ?? null;
  const marks = begin === null ? [] : countedFrom(begin, wordsIn(found.hits));
  const picture = mayHavePictures && !pages.error ? { pages, total } : null;
  return html`<section class="reading">
    <${Toolbar} place=${place} page=${page} total=${total} outline=${outline} found=${found} />
    ${mayHavePictures && pages.error && html`<${WhyNoPictures} error=${pages.error} />`}
    <${Panes} key=${picture !== null} document=${document} place=${place} page=${page} picture=${picture}
      begin=${begin} marks=${marks} found=${found} />
  </section>`;
}

function PlainReading({ document, outline, route }) {
  const place = usePlace(document.document_id, route);
  const found = useHits(document.document_id, place.q);
  return html`<section class="reading">
    <${Toolbar} place=${place} page=${null} total=${null} outline=${outline} found=${found} />
    <${Panes} document=${document} place=${place} page=${null} picture=${null} begin=${0}
      marks=${wordsIn(found.hits)} found=${found} />
  </section>`;
}

function hasPagePictures({ content_type: type }) {
  return type === "application/pdf" || type.startsWith("image/");
}

/** Where in the document one is, by the address; turning pages is no step of the way back. */
function usePlace(id, { query }) {
  const now = { page: Math.trunc(Number(query.get("page"))) || 1, chunk: query.get("chunk"), q: query.get("q") ?? "" };
  const move = (change) => go(["documents", id], { ...now, ...change }, { replace: true });
  return {
    id,
    ...now,
    turnTo: (page) => move({ page, chunk: null }),
    follow: (page) => move({ page }),
    lookFor: (q) => move({ q, chunk: null }),
    open: (hit) => move({ page: hit.page_start, chunk: hit.chunk_id }),
  };
}

function WhyNoPictures({ error }) {
  const say = useWords(words).noPictures;
  const sentence = useSentence();
  const reason = error.status === 403 ? say.noKey : say[error.code] ?? sentence(error);
  return html`<p class="no-pictures small soft">${say.lead} ${reason}</p>`;
}
