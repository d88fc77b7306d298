// What a view shows of a thing that moves: asked for again and again, while the page is seen.
import { useAnswer, useEvery } from "./asking.js";

/** As `useAnswer`, and anew every few seconds; never twice at once, so that a slow server is not asked ever faster. */
export function useLive(ask, reasons, { seconds = 3 } = {}) {
  const state = useAnswer(ask, reasons);
  useEvery(seconds, () => state.isAsking || state.again());
  return state;
}
