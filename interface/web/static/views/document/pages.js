// The pages of a document as they come into sight: sizes, places in the text, pictures; by blocks, never all at once.
import { useCallback, useEffect, useRef, useState } from "../../vendor/preact.js";
import { client } from "../../lib/client.js";
import { tellKeyIsMissing } from "../../lib/key_watch.js";
import { make } from "./making.js";

// As many as one action makes pictures of at first.
const BLOCK = 50;
// Pictures have URLs that live for some minutes.
const LEAST_SECONDS_BETWEEN_LOADS = 60;

function blockOf(page) {
  return Math.floor((page - 1) / BLOCK);
}

/**
 * Return `{ pageAt, isMaking, error, want, renew }`. `want(page)` asks for the block of a page unless it is there,
 * `renew(page)` for its pictures' new URLs. `error` is why the current page has no picture.
 */
export function usePages(id, { current, total, mayHavePictures }) {
  const leaving = useRef(null);
  const { pages, load } = useLoadedPages(id, leaving);
  const [made, setMade] = useState(new Map());
  const block = blockOf(current);
  const told = (state) => leaving.current?.signal.aborted || setMade((before) => new Map(before).set(block, state));
  const isMissing = mayHavePictures && pages.has(current) && !pages.get(current).pictures;
  useEffect(() => {
    leaving.current = new AbortController();
    return () => leaving.current.abort();
  }, [id]);
  useEffect(() => { load(block, Infinity).catch((error) => told({ error })); }, [id, block]);
  useEffect(() => {
    if (!isMissing || made.has(block)) return;
    told({ isMaking: true });
    pictures(id, block, total, leaving.current.signal)
      .then(() => load(block, 0))
      .then(() => told({ isMaking: false }), (error) => { tellKeyIsMissing(error); told({ error }); });
  }, [id, block, isMissing]);
  const want = useCallback((page) => load(blockOf(page), Infinity).catch((error) => tellKeyIsMissing(error)), [load]);
  const renew = useCallback((page) => load(blockOf(page), LEAST_SECONDS_BETWEEN_LOADS).catch(tellKeyIsMissing), [load]);
  const state = made.get(block);
  return { pageAt: (page) => pages.get(page), isMaking: state?.isMaking ?? false, error: state?.error ?? null, want, renew };
}

/** `load(block, age)` asks unless the block was asked for within the last `age` seconds. */
function useLoadedPages(id, leaving) {
  const [pages, setPages] = useState(new Map());
  const askedAt = useRef(new Map());
  const load = useCallback(async (block, age) => {
    const last = askedAt.current.get(block);
    if (last !== undefined && Date.now() - last < age * 1000) return;
    askedAt.current.set(block, Date.now());
    try {
      const { items } = await client.pages(id, { first_page: block * BLOCK + 1, limit: BLOCK });
      if (!leaving.current.signal.aborted) setPages((before) => new Map([...before, ...items.map((item) => [item.page, item])]));
    } catch (error) {
      askedAt.current.delete(block);
      throw error;
    }
  }, [id]);
  return { pages, load };
}

function pictures(id, block, total, signal) {
  const last = (block + 1) * BLOCK;
  const range = { first_page: block * BLOCK + 1, last_page: total ? Math.min(total, last) : last };
  return make("preview", { document_id: id, ...range }, signal);
}
