// Asks the server for what a view shows, and again when what it depends on changes.
import { useCallback, useEffect, useRef, useState } from "../vendor/preact.js";
import { tellKeyIsMissing } from "./key_watch.js";

/**
 * Return `{ answer, error, isAsking, again }` of `ask()`, which is called anew when one of `reasons` changes or after
 * `again()`. What was answered before stays until the new answer is there; late answers to old questions are dropped.
 */
export function useAnswer(ask, reasons) {
  const [state, setState] = useState({ answer: null, error: null, isAsking: true });
  const newest = useRef(0);
  const again = useCallback(async () => {
    const number = ++newest.current;
    setState((state) => ({ ...state, isAsking: true }));
    const settle = (change) => number === newest.current && setState((state) => ({ ...state, ...change, isAsking: false }));
    try {
      settle({ answer: await ask(), error: null });
    } catch (error) {
      tellKeyIsMissing(error);
      settle({ error });
    }
  }, reasons);
  useEffect(() => {
    again();
    return () => { newest.current++; };
  }, [again]);
  return { ...state, again };
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
