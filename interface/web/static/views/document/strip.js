// The strip of small pictures. Only those in sight are drawn: a document may have thousands of pages.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { words } from "./words.js";

// As in document.css.
const SLOT = 156;
const MORE = 3;
const SETTLED_MS = 150;

export function Strip({ pages, total, current, onTurn }) {
  const say = useWords(words);
  const strip = useRef(null);
  const [first, last] = useSlotsInSight(strip, total);
  useEffect(() => inSight(strip.current, current), [current]);
  useEffect(() => {
    const timer = setTimeout(() => [first, last].forEach(pages.want), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [first, last, pages.want]);
  const pressed = (event) => {
    const next = current + ({ ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0);
    if (next === current || next < 1 || next > total) return;
    event.preventDefault();
    onTurn(next);
  };
  const shown = new Set([current]);
  for (let page = first; page <= last; page++) shown.add(page);
  return html`<nav class="strip" ref=${strip} aria-label=${say.strip} onKeyDown=${pressed}>
    <ol ref=${(element) => element && (element.style.height = `${total * SLOT}px`)}>
      ${[...shown].sort((a, b) => a - b).map((page) => html`<${Slot} key=${page} page=${page} pages=${pages}
        isCurrent=${page === current} onTurn=${onTurn} />`)}
    </ol>
  </nav>`;
}

function Slot({ page, pages, isCurrent, onTurn }) {
  const say = useWords(words);
  const picture = pages.pageAt(page)?.pictures?.list;
  const button = useRef(null);
  const hadKeyboard = globalThis.document.activeElement?.closest?.(".strip") != null;
  useEffect(() => { if (isCurrent && hadKeyboard) button.current.focus({ preventScroll: true }); }, [isCurrent]);
  return html`<li ref=${(element) => element && (element.style.top = `${(page - 1) * SLOT}px`)}>
    <button type="button" ref=${button} tabindex=${isCurrent ? 0 : -1} aria-current=${isCurrent ? "page" : null}
      aria-label=${say.pageNumber(page)} onClick=${() => onTurn(page)}>
      <span class="small-picture">
        ${picture && html`<img src=${picture.url} width=${picture.width} height=${picture.height} alt="" loading="lazy"
          decoding="async" onError=${() => pages.renew(page)} />`}
      </span>
      <span class="small numbers">${page}</span>
    </button>
  </li>`;
}

/** Return the first and the last page of which the slot is in sight, or nearly. */
function useSlotsInSight(strip, total) {
  const [range, setRange] = useState([1, Math.min(total, 2 * MORE)]);
  useLayoutEffect(() => {
    const element = strip.current;
    const measure = () => {
      const first = Math.max(1, Math.floor(element.scrollTop / SLOT) + 1 - MORE);
      const last = Math.min(total, Math.ceil((element.scrollTop + element.clientHeight) / SLOT) + MORE);
      setRange((before) => (before[0] === first && before[1] === last ? before : [first, last]));
    };
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      watcher.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, [total]);
  return range;
}

function inSight(strip, page) {
  const top = (page - 1) * SLOT;
  if (top < strip.scrollTop) strip.scrollTop = top;
  else if (top + SLOT > strip.scrollTop + strip.clientHeight) strip.scrollTop = top + SLOT - strip.clientHeight;
}
