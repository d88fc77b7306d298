// A button that does something on the server: not twice at once, and what went wrong is shown beside it.
import { html, useState } from "../vendor/preact.js";
import { tellKeyIsMissing } from "../lib/key_watch.js";
import { useWords } from "../lib/language.js";
import { Confirm } from "./confirm.js";
import { Icon } from "./icon.js";
import { Problem } from "./notice.js";
import { words } from "./words.js";

/**
 * `act` is an async function. With `asks` (a sentence, or `{ title, text, isDangerous }`) it is asked for first.
 * `about` is said to screen readers only, where the same word stands in each row: "Pause" `about` "artifacts".
 */
export function Act({ act, icon, look = "", about = null, asks = null, children }) {
  const { state, problem, run, setState } = useAct(act);
  const pressed = () => (asks ? setState("asking") : run());
  return html`<span class="act">
    <button type="button" class="button ${look}" aria-label=${about && `${children}: ${about}`}
      aria-disabled=${state === "running"} onClick=${() => state === "running" || pressed()}>
      ${icon && html`<${Icon} name=${icon} />`}<span>${children}</span>
    </button>
    ${state === "asking" && html`<${Asked} asks=${asks} action=${children}
      onAnswer=${(isMeant) => (isMeant ? run() : setState("idle"))} />`}
    ${problem && html`<${Problem} error=${problem} />`}
  </span>`;
}

function Asked({ asks, action, onAnswer }) {
  const say = useWords(words);
  const { title, text, isDangerous = false } = typeof asks === "string" ? { title: asks } : asks;
  return html`<${Confirm} title=${title} action=${action} keep=${say.doNot} isDangerous=${isDangerous}
    onAnswer=${onAnswer}>${text && html`<p>${text}</p>`}<//>`;
}

function useAct(act) {
  const [state, setState] = useState("idle");
  const [problem, setProblem] = useState(null);
  const run = async () => {
    setState("running");
    setProblem(null);
    try {
      await act();
    } catch (error) {
      tellKeyIsMissing(error);
      setProblem(error);
    }
    setState("idle");
  };
  return { state, problem, run, setState };
}
