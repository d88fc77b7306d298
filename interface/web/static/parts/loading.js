// Stands where something will be, in about its shape, until it is there.
import { html } from "../vendor/preact.js";
import { useWords } from "../lib/language.js";
import { words } from "./words.js";

export function Loading({ lines = 3 }) {
  const say = useWords(words);
  return html`<div class="loading" role="status"><span class="unseen">${say.loading}</span>
    ${Array.from({ length: lines }, (_, line) => html`<div class="skeleton" key=${line}></div>`)}
  </div>`;
}
