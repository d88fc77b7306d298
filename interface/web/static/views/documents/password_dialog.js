// Asks for the password of a document that is encrypted, and processes it with that.
import { html, useEffect, useId, useRef } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { words } from "./words.js";

export function PasswordDialog({ row, actions }) {
  const say = useWords(words).password;
  const dialog = useRef(null);
  const password = useRef(null);
  const [name, field] = [useId(), useId()];
  const close = () => actions.ask(null);
  useEffect(() => {
    const shown = dialog.current;
    shown.showModal();
    return () => shown.close(); // which gives the focus back
  }, []);
  const send = (event) => {
    event.preventDefault();
    close();
    actions.process([row], { password: password.current.value });
  };
  return html`<dialog ref=${dialog} aria-labelledby=${name} onCancel=${close}>
    <form onSubmit=${send}>
      <h2 id=${name}>${say.title(row.filename)}</h2>
      <div class="field">
        <label for=${field}>${say.label}</label>
        <input ref=${password} id=${field} class="input" type="password" autocomplete="off" required maxlength="1024" />
      </div>
      <p class="soft small">${say.text}</p>
      <div class="actions">
        <button type="button" class="button" onClick=${close}>${say.keep}</button>
        <button type="submit" class="button main">${say.send}</button>
      </div>
    </form>
  </dialog>`;
}
