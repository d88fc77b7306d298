// Asks before something is done that cannot be taken back.
import { html, useEffect, useId, useRef } from "../vendor/preact.js";
import { useWords } from "../lib/language.js";
import { words } from "./words.js";

/** A dialog that is open for as long as it is drawn. `onAnswer` gets true or false. */
export function Confirm({ title, action, onAnswer, children }) {
  const say = useWords(words);
  const dialog = useRef(null);
  const name = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown.showModal();
    return () => shown.close(); // which gives the focus back
  }, []);
  return html`<dialog ref=${dialog} aria-labelledby=${name} onCancel=${() => onAnswer(false)}>
    <h2 id=${name}>${title}</h2>
    ${children}
    <div class="actions">
      <button type="button" class="button" onClick=${() => onAnswer(false)}>${say.keep}</button>
      <button type="button" class="button main danger" onClick=${() => onAnswer(true)}>${action}</button>
    </div>
  </dialog>`;
}
