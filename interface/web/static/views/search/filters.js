// Where to search: in one document, by metadata, and how many passages to give.
import { html, useEffect, useId, useState } from "../../vendor/preact.js";
import { useAnswer } from "../../lib/asking.js";
import { client } from "../../lib/client.js";
import { useWords } from "../../lib/language.js";
import { IconButton } from "../../parts/icon_button.js";
import { Select } from "../../parts/select.js";
import { hasUnreadConditions, LIMITS } from "./question.js";
import { words } from "./words.js";

export function Filters({ question, onChange }) {
  const say = useWords(words);
  return html`
    <${Conditions} written=${question.metadata} onChange=${(metadata) => onChange({ metadata })} />
    <${Select} label=${say.limit} value=${question.limit} options=${LIMITS.map((limit) => [limit, limit])}
      onChoose=${(limit) => onChange({ limit: Number(limit) })} />
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
  const name = answer?.filename ?? (error?.status === 404 ? say.goneDocument : "…");
  return html`<span class="one-document">
    <span class="cut"><span class="soft">${say.within}</span> ${name}</span>
    <${IconButton} icon="cancel" says=${say.everywhere} onClick=${onRemove} />
  </span>`;
}
