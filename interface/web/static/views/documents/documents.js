// The view of documents: files are dropped here, and every document on the server is listed, live.
import { html } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { go } from "../../lib/route.js";
import { uploads, useUploads } from "../../lib/uploads.js";
import { Icon } from "../../parts/icon.js";
import { Loading } from "../../parts/loading.js";
import { Empty, Problem } from "../../parts/notice.js";
import { Question, useActions } from "./actions.js";
import { DocumentRows } from "./document_rows.js";
import { useDrop, useFilePicker } from "./file_picker.js";
import { Filters } from "./filters.js";
import { UploadPanel } from "./uploads/upload_panel.js";
import { useDocuments } from "./use_documents.js";
import { words } from "./words.js";

const add = (found) => uploads.add(found);

export function DocumentsView({ route }) {
  const say = useWords(words);
  const status = route.query.get("status") || null;
  const name = route.query.get("name") || null;
  const { list, isAsking } = useDocuments(status, name);
  const sending = useUploads();
  const actions = useActions(list);
  const picker = useFilePicker(add);
  const isDragging = useDrop(add);
  const hidden = new Set(sending.documentIds);
  const rows = list.rows?.filter((row) => !hidden.has(row.document_id) && (!status || list.statusOf(row) === status));
  return html`<div class="documents-view">
    <${Head} picker=${picker} />
    ${isDragging && html`<div class="drop-here"><p><${Icon} name="upload" />${say.dropHere}</p></div>`}
    <${UploadPanel} uploads=${sending} onChoose=${picker.openFiles} onProblem=${actions.attempt} />
    ${actions.problem && html`<${Problem} error=${actions.problem} />`}
    ${list.error && html`<${Problem} error=${list.error} again=${() => list.newer()} />`}
    ${(rows?.length > 0 || status || name) && html`<${Filters} status=${status} name=${name} />`}
    <${Listed} rows=${rows} list=${list} isAsking=${isAsking} isFiltered=${Boolean(status || name)} actions=${actions}
      picker=${picker} />
    <${Question} actions=${actions} />
  </div>`;
}

function Head({ picker }) {
  const say = useWords(words);
  return html`<div class="head">
    <h1>${say.title}</h1>
    ${picker.inputs}
    <button type="button" class="button" onClick=${picker.openFolder}>
      <${Icon} name="folder" />${say.chooseFolder}</button>
    <button type="button" class="button main" onClick=${picker.openFiles}>
      <${Icon} name="upload" />${say.chooseFiles}</button>
  </div>`;
}

function Listed({ rows, list, isAsking, actions, isFiltered, picker }) {
  const say = useWords(words);
  if (!rows) return list.error ? null : html`<${Loading} lines=${6} />`;
  if (!rows.length && isFiltered && !list.hasMore) {
    const all = () => go(["documents"], {}, { replace: true });
    return html`<${Empty} icon="search" title=${say.noMatch.title}>
      <p>${say.noMatch.hint}</p><button type="button" class="button" onClick=${all}>${say.noMatch.all}</button>
    <//>`;
  }
  if (!rows.length && !list.hasMore) return uploads.documentIds.length ? null : html`<${Nothing} picker=${picker} />`;
  return html`<${DocumentRows} rows=${rows} list=${list} isAsking=${isAsking} actions=${actions} />`;
}

function Nothing({ picker }) {
  const say = useWords(words);
  return html`<div class="drop-target"><${Empty} icon="upload" title=${say.empty.title}>
    <p>${say.empty.hint}</p>
    <button type="button" class="button main" onClick=${picker.openFiles}>${say.chooseFiles}</button>
  <//></div>`;
}
