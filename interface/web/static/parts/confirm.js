// Asks before something is done that reaches far or cannot be taken back.
import { html, useEffect, useId, useRef } from "../vendor/preact.js";
import { useWords } from "../lib/language.js";
import { words } from "./words.js";

/** A dialog that is open for as long as it is drawn. `onAnswer` gets true or false; `keep` is the word for false. */
export function Confirm({ title, action, onAnswer, keep = null, isDangerous = true, children }) {
  const say = useWords(words);
  const dialog = useRef(null);
  const name = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current.showModal();
    // A dialog that is taken away instead of closed gives the focus back to nobody.
    return () => opener?.focus();
  }, []);
  return html`<dialog ref=${dialog} aria-labelledby=${name} onCancel=${() => onAnswer(false)}>
    <h2 id=${name}>${title}</h2>
    ${children}
    <div class="actions">
      <button type="button" class="button" onClick=${() => onAnswer(false)}>${keep ?? say.keep}</button>
      <button type="button" class="button main ${isDangerous ? "danger" : ""}" onClick=${() => onAnswer(true)}>
        ${action}
      </button>
    </div>
  </dialog>`;
}
