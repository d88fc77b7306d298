// Tells when an element comes into sight, so that what is far down is asked for only when somebody gets there.
import { useEffect, useRef } from "../vendor/preact.js";

const AHEAD = "400px";

/** Return a ref for an element; `onSeen` is called whenever it comes near the part that is seen. */
export function useInSight(onSeen) {
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
  return element;
}
