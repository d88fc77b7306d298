// Asks for the password of a document that is protected by one.
import { html, useEffect, useId, useRef, useState } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { words } from "./words.js";

export function Password({ onGiven, onClose }) {
  const say = useWords(words).password;
  const [password, setPassword] = useState("");
  const dialog = useRef(null);
  const name = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current.showModal();
    // A dialog that is taken away instead of closed gives the focus back to nobody.
    return () => opener?.focus();
  }, []);
  const give = (event) => {
    event.preventDefault();
    onGiven(password);
  };
  return html`<dialog ref=${dialog} aria-labelledby=${name} onClose=${onClose}>
    <form onSubmit=${give}>
      <h2 id=${name}>${say.title}</h2>
      <p class="soft">${say.about}</p>
      <div class="field">
        <label for="${name}-field">${say.label}</label>
        <input id="${name}-field" class="input" type="password" autocomplete="off" required value=${password}
          onInput=${(event) => setPassword(event.currentTarget.value)} />
      </div>
      <div class="actions">
        <button type="button" class="button" onClick=${onClose}>${say.close}</button>
        <button class="button main">${say.open}</button>
      </div>
    </form>
  </dialog>`;
}
