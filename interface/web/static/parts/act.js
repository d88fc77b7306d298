// A button that does something on the server: not twice at once, and what went wrong is shown beside it.
import { html, useState } from "../vendor/preact.js";
import { tellKeyIsMissing } from "../lib/key_watch.js";
import { onSingleClick } from "../lib/single_click.js";
import { Confirm } from "./confirm.js";
import { Icon } from "./icon.js";
import { Problem } from "./notice.js";

/**
 * `act` is an async function. With `asks` it is asked for first: `{ title, text, isDangerous }`, or a function that
 * draws another dialog and is given `onAnswer`, of which the answer goes to `act` unless it is null. `about` is said to
 * screen readers only, where the same word stands in each row: "Pause" `about` "artifacts".
 */
export function Act({ act, icon, look = "", about = null, asks = null, children }) {
  const { state, problem, run, setState } = useAct(act);
  const pressed = () => (asks ? setState("asking") : run());
  // A button that is disabled loses the focus.
  return html`<span class="act">
    <button type="button" class="button ${look}" aria-label=${about && `${children}: ${about}`}
      aria-disabled=${state === "running"} onClick=${onSingleClick(() => state === "running" || pressed())}>
      ${icon && html`<${Icon} name=${icon} />`}<span>${children}</span>
    </button>
    ${state === "asking" && (typeof asks !== "function"
      ? html`<${Asked} asks=${asks} action=${children} onAnswer=${(isMeant) => (isMeant ? run() : setState("idle"))} />`
      : asks((answer) => (answer === null ? setState("idle") : run(answer))))}
    ${problem && html`<${Problem} error=${problem} />`}
  </span>`;
}

function Asked({ asks: { title, text, isDangerous = false }, action, onAnswer }) {
  return html`<${Confirm} title=${title} action=${action} isDangerous=${isDangerous} onAnswer=${onAnswer}>
    <p class="soft anywhere">${text}</p>
  <//>`;
}

function useAct(act) {
  const [state, setState] = useState("idle");
  const [problem, setProblem] = useState(null);
  const run = async (...answer) => {
    setState("running");
    setProblem(null);
    try {
      await act(...answer);
    } catch (error) {
      tellKeyIsMissing(error);
      setProblem(error);
    }
    setState("idle");
  };
  return { state, problem, run, setState };
}
