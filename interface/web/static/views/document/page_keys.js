// Turns pages by the arrow keys, unless somebody is writing.
import { useLayoutEffect } from "../../vendor/preact.js";

export function usePageKeys(page, total, turnTo) {
  // With the drawing, not after the next frame: a second key that comes at once counts from the page of the first.
  useLayoutEffect(() => {
    const pressed = (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || isWriting(event.target)) return;
      const next = page + ({ ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0);
      if (next !== page && next >= 1 && next <= (total ?? Infinity)) turnTo(next);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
}

function isWriting(element) {
  return element.closest?.("input, textarea, select, dialog") != null;
}
