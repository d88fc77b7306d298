// Where to search: in one document, by metadata, and how many passages to give.
import { html, useEffect, useId, useState } from "../../vendor/preact.js";
import { useAnswer } from "../../lib/asking.js";
import { client } from "../../lib/client.js";
import { useWords } from "../../lib/language.js";
import { Icon } from "../../parts/icon.js";
import { hasUnreadConditions, LIMITS } from "./question.js";
import { words } from "./words.js";

export function Filters({ question, onChange }) {
  const say = useWords(words);
  const id = useId();
  return html`
    <${Conditions} written=${question.metadata} onChange=${(metadata) => onChange({ metadata })} />
    <label class="limit" for=${id}><span class="small soft">${say.limit}</span>
      <select id=${id} class="input" value=${question.limit} onChange=${(event) => onChange({ limit: Number(event.currentTarget.value) })}>
        ${LIMITS.map((limit) => html`<option key=${limit} value=${limit} selected=${limit === question.limit}>${limit}</option>`)}
      </select>
    </label>
    ${question.document && html`<${OneDocument} id=${question.document} onRemove=${() => onChange({ document: null })} />`}`;
}

function Conditions({ written, onChange }) {
  const say = useWords(words);
  const [value, setValue] = useState(written);
  const id = useId();
  useEffect(() => setValue(written), [written]);
  const isUnread = hasUnreadConditions(value);
  return html`<div class="conditions">
    <label for=${id} class="small soft">${say.metadata}</label>
    <input id=${id} class="input" placeholder=${say.metadataExample} value=${value} spellcheck="false" autocomplete="off"
      title=${say.metadataAbout} aria-invalid=${isUnread ? "true" : null} aria-describedby=${isUnread ? `${id}-wrong` : null}
      onInput=${(event) => setValue(event.currentTarget.value)}
      onKeyDown=${(event) => event.key === "Enter" && (event.preventDefault(), onChange(value.trim()))}
      onBlur=${() => value.trim() !== written && onChange(value.trim())} />
    ${isUnread && html`<p id="${id}-wrong" class="small unread">${say.metadataWrong}</p>`}
  </div>`;
}

function OneDocument({ id, onRemove }) {
  const say = useWords(words);
  const { answer, error } = useAnswer(() => client.document(id), [id]);
  return html`<span class="one-document">
    <span class="cut"><span class="soft">${say.within}</span> ${answer?.filename ?? (error?.status === 404 ? say.goneDocument : "…")}</span>
    <button type="button" class="button plain only-icon" aria-label=${say.everywhere} title=${say.everywhere}
      onClick=${onRemove}><${Icon} name="cancel" /></button>
  </span>`;
}
