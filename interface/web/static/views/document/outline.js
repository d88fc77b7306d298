// The outline: its entries open their pages.
import { html, useRef } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { Icon } from "../../parts/icon.js";
import { words } from "./words.js";

export function Outline({ outline, current, onOpen }) {
  const say = useWords(words);
  const folder = useRef(null);
  const close = () => {
    folder.current.open = false;
    folder.current.querySelector("summary").focus();
  };
  const choose = (entry) => {
    close();
    onOpen(entry);
  };
  const open = outline.filter((entry) => entry.page && entry.page <= (current ?? 0)).pop();
  return html`<details ref=${folder} class="outline" onKeyDown=${(event) => event.key === "Escape" && close()}>
    <summary class="button"><${Icon} name="outline" />${say.outline}</summary>
    <ol class="sheet">
      ${outline.map((entry, index) => html`<li key=${index} class="level-${Math.min(entry.level, 5)}">
        ${entry.page
          ? html`<button type="button" aria-current=${entry === open ? "true" : null} onClick=${() => choose(entry)}>
              <span>${entry.title}</span><span class="small soft numbers">${entry.page}</span></button>`
          : html`<span class="entry">${entry.title}</span>`}
      </li>`)}
    </ol>
  </details>`;
}
