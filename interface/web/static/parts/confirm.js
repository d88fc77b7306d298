// Asks before something is done that reaches far or cannot be taken back.
import { html } from "../vendor/preact.js";
import { useWords } from "../lib/language.js";
import { Dialog } from "./dialog.js";
import { words } from "./words.js";

/** `onAnswer` gets true or false. */
export function Confirm({ title, action, onAnswer, isDangerous = true, children }) {
  const say = useWords(words);
  return html`<${Dialog} title=${title} onCancel=${() => onAnswer(false)}>
    ${children}
    <div class="actions">
      <button type="button" class="button" onClick=${() => onAnswer(false)}>
        ${isDangerous ? say.keep : say.doNot}
      </button>
      <button type="button" class="button main ${isDangerous ? "danger" : ""}" onClick=${() => onAnswer(true)}>
        ${action}
      </button>
    </div>
  <//>`;
}
