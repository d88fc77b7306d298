// Asks for the password of a document that is protected by one.
import { html, useId, useRef } from "../vendor/preact.js";
import { useWords } from "../lib/language.js";
import { Dialog } from "./dialog.js";
import { words } from "./words.js";

const MOST_CHARACTERS = 1024;

/** `onAnswer` gets the password, or null. */
export function PasswordDialog({ filename, onAnswer }) {
  const say = useWords(words).password;
  const field = useRef(null);
  const id = useId();
  const give = (event) => {
    event.preventDefault();
    onAnswer(field.current.value);
  };
  return html`<${Dialog} title=${say.title(filename)} onCancel=${() => onAnswer(null)}>
    <form onSubmit=${give}>
      <div class="field">
        <label for=${id}>${say.label}</label>
        <input ref=${field} id=${id} class="input" type="password" autocomplete="off" required
          maxlength=${MOST_CHARACTERS} />
      </div>
      <p class="soft small">${say.about}</p>
      <div class="actions">
        <button type="button" class="button" onClick=${() => onAnswer(null)}>${say.later}</button>
        <button class="button main">${say.use}</button>
      </div>
    </form>
  <//>`;
}
