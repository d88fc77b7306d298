// Which documents are listed. The choice stands in the address, so that it can be kept and shared.
import { html, useEffect, useId, useState } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { go } from "../../lib/route.js";
import { useAfterTyping } from "../../lib/typing.js";
import { Select } from "../../parts/select.js";
import { words as partWords } from "../../parts/words.js";
import { words } from "./words.js";

const MOST_CHARACTERS = 200;

export function Filters({ status, name }) {
  const say = useWords(words).filter;
  const statuses = useWords(partWords).status;
  const [typed, setTyped] = useState(name ?? "");
  const id = useId();
  const choose = (change) => go(["documents"], { status, name: typed.trim(), ...change }, { replace: true });
  const typing = useAfterTyping(() => choose({}));
  const type = (value) => { setTyped(value); typing.later(value); };
  useEffect(() => {
    if (typed.trim() !== (name ?? "")) setTyped(name ?? "");
  }, [name]);
  return html`<form class="filters" role="search" aria-label=${say.label} onSubmit=${(event) => event.preventDefault()}>
    <div class="field grow">
      <label class="unseen" for=${id}>${say.name}</label>
      <input id=${id} class="input" type="search" maxlength=${MOST_CHARACTERS} placeholder=${say.namePlaceholder}
        value=${typed} onInput=${(event) => type(event.currentTarget.value)} />
    </div>
    <${Select} label=${say.status} isLabelUnseen value=${status ?? ""} onChoose=${(status) => choose({ status })}
      options=${[["", say.any], ...Object.entries(statuses)]} />
  </form>`;
}
