// A document in the list: its name, how it stands, and what can be done with it.
import { html, useContext, useEffect, useMemo, useRef } from "../../vendor/preact.js";
import { Language, useFormats, useWords } from "../../lib/language.js";
import { hrefTo } from "../../lib/route.js";
import { onSingleClick } from "../../lib/single_click.js";
import { isMoving } from "../../lib/statuses.js";
import { Icon } from "../../parts/icon.js";
import { IconButton } from "../../parts/icon_button.js";
import { ServerSays } from "../../parts/notice.js";
import { ProgressBar } from "../../parts/progress_bar.js";
import { StatusChip } from "../../parts/status_chip.js";
import { words as partWords } from "../../parts/words.js";
import { details, progressLine, warningLine } from "./status_line.js";
import { words } from "./words.js";

const AGED_MS = 10_000;

export function DocumentRow({ row, status, isSelected, isBusy, onSelect, actions }) {
  const say = useWords(words);
  const processing = useWords(partWords).processing;
  const formats = useFormats();
  const age = Math.floor(Date.now() / AGED_MS);
  const shown = { row, status, isSelected, isBusy, onSelect, actions, texts: { say, processing, formats } };
  // Hundreds of rows stand still while one moves.
  return useMemo(() => html`<${Row} ...${shown} />`, [row, status, isSelected, isBusy, useContext(Language), age]);
}

function Row({ row, status, isSelected, isBusy, onSelect, actions, texts }) {
  const standing = status?.status ?? row.status;
  const select = (event) => onSelect(row.document_id, event.currentTarget.checked);
  return html`<li class="row">
    <input type="checkbox" aria-label=${texts.say.select(row.filename)} checked=${isSelected} onChange=${select} />
    <div class="what">
      <a class="name cut" href=${hrefTo(["documents", row.document_id])} title=${row.filename}>${row.filename}</a>
      <p class="soft small numbers">${details(row, status, texts)}</p>
    </div>
    <div class="standing">
      <${StatusChip} status=${standing} />
      <span class="soft small numbers">${progressLine(status, texts)}</span>
      ${standing === "processing" && html`<${ProgressBar} percent=${status?.progress ?? 0} label=${row.filename} />`}
    </div>
    <${RowActions} row=${row} standing=${standing} isBusy=${isBusy} actions=${actions} say=${texts.say} />
    <${Trouble} row=${row} status=${status} standing=${standing} actions=${actions} texts=${texts} />
  </li>`;
}

function Trouble({ row, status, standing, actions, texts }) {
  const { say, processing } = texts;
  const warning = warningLine(status, say);
  const error = standing === "failed" ? status?.error : null;
  if (standing !== "failed" && standing !== "awaiting_upload" && !warning) return null;
  return html`<div class="trouble small">
    ${error && html`<p class="bad">
      ${processing.failures[error.code] ?? html`<${ServerSays} sentence=${error.message} />`}</p>`}
    ${error?.code === "encrypted" && html`<button type="button" class="button" onClick=${() => actions.ask({ password: row })}>
      <${Icon} name="key" />${say.password}</button>`}
    ${standing === "awaiting_upload" && html`<p class="soft">${say.announced}</p>`}
    ${warning && html`<p class="warn">${warning}</p>`}
  </div>`;
}

function RowActions({ row, standing, isBusy, actions, say }) {
  const isAnnounced = standing === "awaiting_upload";
  const name = isMoving(standing) ? "cancel" : isAnnounced ? "process" : "retry";
  const { icon, act } = {
    cancel: { icon: "cancel", act: () => actions.cancel(row) },
    process: { icon: "play", act: () => actions.process([row]) },
    retry: { icon: "retry", act: () => actions.process([row]) },
  }[name];
  return html`<div class="row-actions" ref=${useFocusOnFirst(name)}>
    <${IconButton} key=${name} icon=${icon} says=${say[name](row.filename)} isBusy=${isBusy}
      onClick=${onSingleClick(act)} />
    ${!isAnnounced && html`<${IconButton} icon="download" says=${say.download(row.filename)}
      onClick=${() => actions.download(row)} />`}
    <${IconButton} icon="delete" says=${say.delete(row.filename)} onClick=${() => actions.ask({ deletion: [row] })} />
  </div>`;
}

/** Return the ref of an element; where its first child had the focus, the one that takes its place by `key` gets it. */
function useFocusOnFirst(key) {
  const element = useRef(null);
  const hadFocus = element.current !== null && element.current.firstElementChild === document.activeElement;
  useEffect(() => { if (hadFocus) element.current.firstElementChild.focus({ preventScroll: true }); }, [key]);
  return element;
}
