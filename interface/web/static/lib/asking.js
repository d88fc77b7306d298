// Asks the server for what a view shows: again when what it depends on changes, and by itself when the server was away.
import { useCallback, useEffect, useRef, useState } from "../vendor/preact.js";
import { tellKeyIsMissing } from "./key_watch.js";

const AWAY_SECONDS = 4;

/**
 * Return `{ answer, error, isAsking, again }` of `ask(signal)`, which is called anew when one of `reasons` changes or
 * after `again()`. What was answered before stays until the new answer is there; late answers to old questions are
 * dropped, and `signal` tells the question that it has become one.
 */
export function useAnswer(ask, reasons) {
  const state = useAsked(ask, reasons);
  useComeback(state.error, () => state.isAsking || state.again());
  return state;
}

/** As `useAnswer`, and anew every few seconds; never twice at once, so that a slow server is not asked ever faster. */
export function useLive(ask, reasons, { seconds = 3 } = {}) {
  const state = useAsked(ask, reasons);
  useEvery(seconds, () => state.isAsking || state.again());
  return state;
}

/** Call `again` every few seconds while `error` is one that passes. */
export function useComeback(error, again) {
  useEvery(AWAY_SECONDS, () => error?.isPassing && again());
}

/** Call `task` now and then every `seconds` while the page is seen. */
export function useEvery(seconds, task) {
  const latest = useRef(task);
  latest.current = task;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || latest.current(), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
}

function useAsked(ask, reasons) {
  const [state, setState] = useState({ answer: null, error: null, isAsking: true });
  const newest = useRef(new AbortController());
  const again = useCallback(async () => {
    newest.current.abort();
    const { signal } = (newest.current = new AbortController());
    const settle = (change) => signal.aborted || setState((state) => ({ ...state, ...change }));
    settle({ isAsking: true });
    try {
      settle({ answer: await ask(signal), error: null, isAsking: false });
    } catch (error) {
      tellKeyIsMissing(error);
      settle({ error, isAsking: false });
    }
  }, reasons);
  useEffect(() => {
    again();
    return () => newest.current.abort();
  }, [again]);
  return { ...state, again };
}
