// Stands at the end of a list, and tells when it comes into sight: then more is asked for by itself.
import { html, useEffect, useRef } from "../vendor/preact.js";

const AHEAD = "400px";

/** Give it another `key` for each end, so that it tells again where the end is still in sight. */
export function EndOfList({ onSeen }) {
  const element = useRef(null);
  const latest = useRef(onSeen);
  latest.current = onSeen;
  useEffect(() => {
    const watcher = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && latest.current(),
      { rootMargin: AHEAD },
    );
    watcher.observe(element.current);
    return () => watcher.disconnect();
  }, []);
  return html`<span class="end-of-list" ref=${element}></span>`;
}
