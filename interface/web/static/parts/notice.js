// What went wrong, and a way out.
import { html } from "../vendor/preact.js";
import { useWords } from "../lib/language.js";
import { Icon } from "./icon.js";
import { words } from "./words.js";

/** Return how to say in a sentence what went wrong. */
export function useSentence() {
  const say = useWords(words);
  return ({ code, detail, message }) => (code === "unreachable" ? say.unreachable : detail ?? message);
}

/** Show the error of a call; `again` asks once more. */
export function Problem({ error, again = null }) {
  const say = useWords(words);
  const sentence = useSentence();
  return html`<div class="notice bad" role="alert">
    <${Icon} name="failed" />
    <p>${sentence(error)}</p>
    ${again && html`<button type="button" class="button" onClick=${again}>${say.tryAgain}</button>`}
  </div>`;
}

/** Show that there is nothing, and what could be done about it. */
export function Empty({ icon, title, children }) {
  return html`<div class="empty"><${Icon} name=${icon} /><h2>${title}</h2>${children}</div>`;
}
