// What can be done with a document: download the original, process again, cancel, delete.
import { html } from "../../vendor/preact.js";
import { client } from "../../lib/client.js";
import { download } from "../../lib/download.js";
import { useWords } from "../../lib/language.js";
import { isMoving } from "../../lib/statuses.js";
import { Act } from "../../parts/act.js";
import { PasswordDialog } from "../../parts/password_dialog.js";
import { words as partWords } from "../../parts/words.js";
import { words } from "./words.js";

export function Actions({ document, status, onStarted, onDeleted }) {
  const say = useWords(words);
  const deletion = useWords(partWords).deletion;
  const id = document.document_id;
  const hasBytes = status.status !== "awaiting_upload";
  const remove = async () => onDeleted(await client.delete(id));
  const asks = { title: deletion.title(document.filename), text: deletion.text, isDangerous: true };
  return html`<div class="actions">
    ${hasBytes && html`<${Act} icon="download" act=${() => download(document)}>${say.download}<//>`}
    ${hasBytes && html`<${Processing} document=${document} status=${status} onStarted=${onStarted} />`}
    <${Act} icon="delete" look="danger" act=${remove} asks=${asks}>${deletion.action}<//>
  </div>`;
}

function Processing({ document: { document_id: id, filename }, status, onStarted }) {
  const say = useWords(words);
  const cancel = async () => { await client.cancel(id); onStarted(); };
  const process = async (password) => { await client.process(id, { password }); onStarted(); };
  const askPassword = (onAnswer) => html`<${PasswordDialog} filename=${filename} onAnswer=${onAnswer} />`;
  if (isMoving(status.status)) return html`<${Act} key="cancel" icon="cancel" act=${cancel}>${say.cancel}<//>`;
  if (status.error?.code === "encrypted") {
    return html`<${Act} key="password" icon="key" act=${process} asks=${askPassword}>${say.withPassword}<//>`;
  }
  return html`<${Act} key="process" icon="retry" act=${process}>${say.processAgain}<//>`;
}
