// What went wrong, and a way out.
import { html } from "../vendor/preact.js";
import { useWords } from "../lib/language.js";
import { Icon } from "./icon.js";
import { words } from "./words.js";

/** Return how to draw in a sentence what went wrong; `own` has words by code that go before those of all views. */
export function useSentence(own = {}) {
  const { failures } = useWords(words);
  return ({ code, detail, message }) =>
    own[code] ?? failures[code] ?? html`<${ServerSays} sentence=${detail ?? message} />`;
}

/** What the server and its client say is English, whichever language is shown: screen readers have to know. */
export function ServerSays({ sentence }) {
  return html`<span lang="en">${sentence}</span>`;
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
