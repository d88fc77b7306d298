// How much is done, from 0 to 100.
import { html, useEffect, useRef } from "../vendor/preact.js";

export function ProgressBar({ percent, label, still = false }) {
  const filled = useRef(null);
  const value = Math.round(Math.max(0, Math.min(100, percent)));
  // By script: the page's policy takes no styles that are written into elements.
  useEffect(() => { filled.current.style.width = `${value}%`; }, [value]);
  return html`<span class="progress ${still ? "still" : ""}" role="progressbar" aria-label=${label}
    aria-valuenow=${value} aria-valuemin="0" aria-valuemax="100"><span ref=${filled} /></span>`;
}
