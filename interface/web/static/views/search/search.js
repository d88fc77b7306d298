// The view of search.
import { html } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { words } from "./words.js";

export function SearchView({ route }) {
  const say = useWords(words);
  return html`<div class="head"><h1>${say.title}</h1></div>`;
}
