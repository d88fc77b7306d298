// Which documents are listed. The choice stands in the address, so that it can be kept and shared.
import { html, useEffect, useId, useState } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { go } from "../../lib/route.js";
import { words as parts } from "../../parts/words.js";
import { words } from "./words.js";

const TYPING_MS = 300;
const MOST_CHARACTERS = 200;

export function Filters({ status, name }) {
  const say = useWords(words).filter;
  const statuses = useWords(parts).status;
  const [typed, setTyped] = useState(name ?? "");
  const [statusId, nameId] = [useId(), useId()];
  const choose = (change) => go(["documents"], { status, name: typed.trim(), ...change }, { replace: true });
  useEffect(() => setTyped(name ?? ""), [name]);
  useEffect(() => {
    if (typed.trim() === (name ?? "")) return undefined;
    const timer = setTimeout(() => choose({}), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return html`<form class="document-filters" role="search" aria-label=${say.label} onSubmit=${(event) => event.preventDefault()}>
    <div class="field grow">
      <label class="unseen" for=${nameId}>${say.name}</label>
      <input id=${nameId} class="input" type="search" maxlength=${MOST_CHARACTERS} placeholder=${say.namePlaceholder}
        value=${typed} onInput=${({ target }) => setTyped(target.value)} />
    </div>
    <div class="field">
      <label class="unseen" for=${statusId}>${say.status}</label>
      <select id=${statusId} class="input" value=${status ?? ""} onChange=${({ target }) => choose({ status: target.value })}>
        <option value="">${say.any}</option>
        ${Object.entries(statuses).map(([each, word]) => html`<option key=${each} value=${each}>${word}</option>`)}
      </select>
    </div>
  </form>`;
}
