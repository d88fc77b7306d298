// The pages of a document as they come into sight: sizes, places in the text, pictures; by blocks, never all at once.
import { useCallback, useEffect, useRef, useState } from "../../vendor/preact.js";
import { EsteiraError } from "../../esteira.js";
import { useComeback } from "../../lib/asking.js";
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
 * Return `{ pageAt, isLoaded, isMaking, error, want, renew }`, of which what is and the error are about the block of the
 * current page. `want(page)` asks for the block of a page unless it is there, `renew(page)` for its pictures' new URLs.
 */
export function usePages(id, { current, total, mayHavePictures }) {
  const { pages, loaded, load } = useLoadedPages(id);
  const block = blockOf(current);
  const there = pagesOf(block, pages);
  const isMissing = mayHavePictures && pages.has(current) && there.some((page) => !page.pictures && !page.picture_error);
  const { isMaking, error } = usePictures(id, block, { isMissing, total, load });
  const askQuietly = (age) => (page) => load(blockOf(page), age).catch(tellKeyIsMissing);
  const want = useCallback(askQuietly(Infinity), [load]);
  const renew = useCallback(askQuietly(LEAST_SECONDS_BETWEEN_LOADS), [load]);
  return { pageAt: (page) => pages.get(page), isLoaded: loaded.has(block), isMaking, error: error ?? whyNone(there), want, renew };
}

function pagesOf(block, pages) {
  const numbers = Array.from({ length: BLOCK }, (_, index) => block * BLOCK + index + 1);
  return numbers.map((number) => pages.get(number)).filter(Boolean);
}

/** Where none of the pages could be drawn, it is for what the document is. */
function whyNone(pages) {
  if (pages.length === 0 || !pages.every((page) => page.picture_error)) return null;
  const { code, message } = pages[0].picture_error;
  return new EsteiraError(code, message);
}

/**
 * Loads a block, and has pictures made where some are missing: once a block, and again when the server was away. What
 * could not be drawn is not missing.
 */
function usePictures(id, block, { isMissing, total, load }) {
  const [states, setStates] = useState(new Map());
  const leaving = useLeaving(id);
  const tell = (state) => leaving.current.signal.aborted || setStates((before) => new Map(before).set(block, state));
  const fail = (error) => {
    tellKeyIsMissing(error);
    tell({ isMaking: false, error });
  };
  useEffect(() => { load(block, Infinity).catch(fail); }, [id, block]);
  const state = states.get(block);
  useRetry(state?.error, () => load(block, Infinity).then(() => tell(undefined), fail));
  useEffect(() => {
    if (!isMissing || state) return;
    tell({ isMaking: true, error: null });
    makePictures(id, block, total, leaving.current.signal)
      .then(() => load(block, 0))
      .then(() => tell({ isMaking: false, error: null }), fail);
  }, [id, block, isMissing, state === undefined]);
  return state ?? { isMaking: isMissing, error: null };
}

/** As `useComeback`, never twice at once. */
function useRetry(error, ask) {
  const isAsking = useRef(false);
  useComeback(error, async () => {
    if (isAsking.current) return;
    isAsking.current = true;
    await ask();
    isAsking.current = false;
  });
}

/** Return a ref to an AbortController which is aborted when the document is left. */
function useLeaving(id) {
  const leaving = useRef(null);
  useEffect(() => {
    leaving.current = new AbortController();
    return () => leaving.current.abort();
  }, [id]);
  return leaving;
}

/** `load(block, age)` asks unless the block was asked for within the last `age` seconds. */
function useLoadedPages(id) {
  const leaving = useLeaving(id);
  const [pages, setPages] = useState(new Map());
  const [loaded, setLoaded] = useState(new Set());
  const askedAt = useRef(new Map());
  const load = useCallback(async (block, age) => {
    const last = askedAt.current.get(block);
    if (last !== undefined && Date.now() - last < age * 1000) return;
    askedAt.current.set(block, Date.now());
    try {
      const { items } = await client.pages(id, { first_page: block * BLOCK + 1, limit: BLOCK });
      if (leaving.current.signal.aborted) return;
      setPages((before) => new Map([...before, ...items.map((item) => [item.page, item])]));
      setLoaded((before) => new Set(before).add(block));
    } catch (error) {
      askedAt.current.delete(block);
      throw error;
    }
  }, [id]);
  return { pages, loaded, load };
}

function makePictures(id, block, total, signal) {
  const last = (block + 1) * BLOCK;
  const range = { first_page: block * BLOCK + 1, last_page: total ? Math.min(total, last) : last };
  return make("preview", { document_id: id, ...range }, signal);
}
