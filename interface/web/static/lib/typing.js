// Answers to what somebody types, without an answer to each letter.
import { useEffect, useRef } from "../vendor/preact.js";

const PAUSE_MS = 300;

/** Return `{ later, stop }`: `later(value)` calls `task(value)` after a pause in typing, unless `stop()` comes first. */
export function useAfterTyping(task) {
  const timer = useRef(null);
  const latest = useRef(task);
  latest.current = task;
  const stop = () => clearTimeout(timer.current);
  const later = (value) => {
    stop();
    timer.current = setTimeout(() => latest.current(value), PAUSE_MS);
  };
  useEffect(() => stop, []);
  return { later, stop };
}
