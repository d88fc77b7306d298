// The list of documents: its rows, what is selected, and more of them.
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { isFinal } from "../../lib/statuses.js";
import { Icon } from "../../parts/icon.js";
import { ShowMore } from "../../parts/show_more.js";
import { DocumentRow } from "./document_row.js";
import { words } from "./words.js";

export function DocumentRows({ rows, list, isAsking, actions }) {
  const say = useWords(words);
  const [chosen, setChosen] = useState(new Set());
  const selected = rows.filter((row) => chosen.has(row.document_id));
  const select = useRef((id, isChosen) => setChosen((before) => changed(before, id, isChosen))).current;
  return html`<section class="sheet documents" aria-label=${say.list}>
    <${Selection} rows=${rows} selected=${selected} onSelect=${setChosen} list=${list} actions=${actions} />
    <ul class="rows">
      ${rows.map((row) => html`<${DocumentRow} key=${row.document_id} row=${row} onSelect=${select} actions=${actions}
        status=${list.statuses.get(row.document_id)} isSelected=${chosen.has(row.document_id)}
        isBusy=${actions.busy.has(row.document_id)} />`)}
    </ul>
    ${list.hasMore && html`<${ShowMore} isAsking=${isAsking} onMore=${() => list.more()} />`}
  </section>`;
}

function changed(before, id, isChosen) {
  const after = new Set(before);
  if (isChosen) after.add(id);
  else after.delete(id);
  return after;
}

function Selection({ rows, selected, onSelect, list, actions }) {
  const say = useWords(words);
  const box = useRef(null);
  const isAll = rows.length > 0 && selected.length === rows.length;
  useEffect(() => { box.current.indeterminate = selected.length > 0 && !isAll; });
  const all = (event) => onSelect(new Set(event.currentTarget.checked ? rows.map((row) => row.document_id) : []));
  const ended = selected.filter((row) => isFinal(list.statusOf(row)));
  return html`<div class="selection">
    <label><input ref=${box} type="checkbox" checked=${isAll} onChange=${all} />
      ${selected.length
        ? html`<span class="numbers">${say.selected(selected.length)}</span>`
        : html`<span class="soft">${say.selectAll}</span>`}
    </label>
    ${selected.length > 0 && html`
      <button type="button" class="button" disabled=${!ended.length} onClick=${() => actions.process(ended)}>
        <${Icon} name="retry" />${say.retryShort}</button>
      <button type="button" class="button danger" onClick=${() => actions.ask({ deletion: selected })}>
        <${Icon} name="delete" />${say.deleteShort}</button>`}
  </div>`;
}
