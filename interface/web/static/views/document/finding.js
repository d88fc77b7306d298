// Words looked for within one document, in the order in which they stand there.
import { useAnswer } from "../../lib/asking.js";
import { client } from "../../lib/client.js";

const MOST = 100;

/** Return `{ hits, isAsking, error }`; a hit is a passage, with where the words stand in it. */
export function useHits(id, q) {
  const { answer, isAsking, error } = useAnswer(async () => {
    if (!q.trim()) return null;
    const { results } = await client.search({ query: q, mode: "keyword", document_ids: [id], limit: MOST });
    return results.sort((one, other) => one.char_start - other.char_start);
  }, [id, q]);
  return { hits: answer ?? [], isAsking, error, isFull: answer?.length === MOST };
}

/** Return where the words stand, counted from the beginning of the whole text. */
export function wordsIn(hits) {
  return hits.flatMap(({ highlights, char_start: begin }) =>
    highlights.map(({ start, end }) => ({ start: begin + start, end: begin + end, kind: "word" })),
  );
}

/** Return spans as counted from a later beginning. */
export function countedFrom(begin, spans) {
  return spans.map((span) => ({ ...span, start: span.start - begin, end: span.end - begin }));
}

/**
 * Return the page of a hit on which most of its words stand, the first of several; its first page where that is not
 * known. `pageAt(page)` tells where a page begins and ends.
 */
export function pageOfWords(hit, pageAt) {
  let best = { page: hit.page_start, count: 0 };
  for (let page = hit.page_start; page <= hit.page_end; page++) {
    const { char_start: start = 0, char_end: end = 0 } = pageAt(page) ?? {};
    const count = wordsIn([hit]).filter((word) => start <= word.start && word.start < end).length;
    if (count > best.count) best = { page, count };
  }
  return best.page;
}
