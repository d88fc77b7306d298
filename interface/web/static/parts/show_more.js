// Stands below a list of which there is more: a person asks for it.
import { html } from "../vendor/preact.js";
import { useWords } from "../lib/language.js";
import { words } from "./words.js";

export function ShowMore({ onMore, isAsking = false }) {
  const say = useWords(words);
  return html`<p class="show-more">
    <button type="button" class="button" disabled=${isAsking} onClick=${onMore}>${say.more}</button>
  </p>`;
}
