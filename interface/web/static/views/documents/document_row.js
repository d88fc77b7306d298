// A document in the list: its name, how it stands, and what can be done with it.
import { html, useContext, useMemo } from "../../vendor/preact.js";
import { Language, useFormats, useWords } from "../../lib/language.js";
import { hrefTo } from "../../lib/route.js";
import { Icon } from "../../parts/icon.js";
import { ProgressBar } from "../../parts/progress_bar.js";
import { StatusChip } from "../../parts/status_chip.js";
import { details, failure, progressLine, warningLine } from "./status_line.js";
import { words } from "./words.js";

const MOVING = ["pending", "processing"];
const AGED_MS = 10_000;

export function DocumentRow({ row, status, isSelected, onSelect, actions }) {
  const say = useWords(words);
  const formats = useFormats();
  const age = Math.floor(Date.now() / AGED_MS);
  // Hundreds of rows stand still while one moves.
  return useMemo(() => html`<${Row} ...${{ row, status, isSelected, onSelect, actions, say, formats }} />`,
    [row, status, isSelected, useContext(Language), age]);
}

function Row({ row, status, isSelected, onSelect, actions, say, formats }) {
  const standing = status?.status ?? row.status;
  const select = ({ target }) => onSelect(row.document_id, target.checked);
  return html`<li class="row">
    <input type="checkbox" aria-label=${say.select(row.filename)} checked=${isSelected} onChange=${select} />
    <div class="what">
      <a class="name cut" href=${hrefTo(["documents", row.document_id])} title=${row.filename}>${row.filename}</a>
      <p class="soft small numbers">${details(row, status, say, formats)}</p>
    </div>
    <div class="standing">
      <${StatusChip} status=${standing} />
      <span class="soft small numbers">${progressLine(status, say, formats)}</span>
      ${standing === "processing" && html`<${ProgressBar} percent=${status?.progress ?? 0} label=${row.filename} />`}
    </div>
    <${RowActions} row=${row} standing=${standing} actions=${actions} say=${say} />
    <${Trouble} row=${row} status=${status} standing=${standing} actions=${actions} say=${say} />
  </li>`;
}

function Trouble({ row, status, standing, actions, say }) {
  const warning = warningLine(status, say);
  const isEncrypted = standing === "failed" && status?.error?.code === "encrypted";
  if (standing !== "failed" && standing !== "awaiting_upload" && !warning) return null;
  return html`<div class="trouble small">
    ${standing === "failed" && status?.error && html`<p class="bad">${failure(status.error, say)}</p>`}
    ${isEncrypted && html`<button type="button" class="button" onClick=${() => actions.ask({ password: row })}>
      <${Icon} name="key" />${say.password.open}</button>`}
    ${standing === "awaiting_upload" && html`<p class="soft">${say.announced}</p>`}
    ${warning && html`<p class="warn">${warning}</p>`}
  </div>`;
}

function RowActions({ row, standing, actions, say }) {
  const isAnnounced = standing === "awaiting_upload";
  const isMoving = MOVING.includes(standing);
  return html`<div class="row-actions">
    ${isMoving && html`<${Action} icon="cancel" says=${say.cancel(row.filename)} onClick=${() => actions.cancel(row)} />`}
    ${isAnnounced && html`<${Action} icon="play" says=${say.process(row.filename)} onClick=${() => actions.process([row])} />`}
    ${!isAnnounced && !isMoving && html`<${Action} icon="retry" says=${say.retry(row.filename)} onClick=${() => actions.process([row])} />`}
    ${!isAnnounced && html`<${Action} icon="download" says=${say.download(row.filename)} onClick=${() => actions.download(row)} />`}
    <${Action} icon="delete" says=${say.delete(row.filename)} onClick=${() => actions.ask({ deletion: [row] })} />
  </div>`;
}

export function Action({ icon, says, onClick }) {
  return html`<button type="button" class="button plain only-icon" aria-label=${says} title=${says} onClick=${onClick}>
    <${Icon} name=${icon} /></button>`;
}
