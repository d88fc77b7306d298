// A file on its way: how much of it is sent, and what can be done with it.
import { html, useState } from "../../vendor/preact.js";
import { useFormats, useWords } from "../../lib/language.js";
import { UNDER_WAY, uploads } from "../../lib/uploads.js";
import { Confirm } from "../../parts/confirm.js";
import { ProgressBar } from "../../parts/progress_bar.js";
import { Action } from "./document_row.js";
import { words } from "./words.js";

// Below this a file is gone before its rate could be read.
const RATE_FROM_BYTES = 5_000_000;

export function UploadRow({ item, onProblem }) {
  const say = useWords(words).uploads;
  const formats = useFormats();
  const { upload } = item;
  const { state, filename, sent, size } = upload;
  const isGoing = UNDER_WAY.includes(state);
  return html`<li class="row upload">
    <div class="what"><p class="name cut" title=${filename}>${filename}</p>
      <p class="soft small numbers">${standing(item, say, formats)}</p></div>
    <div class="standing"><${ProgressBar} percent=${size ? (100 * sent) / size : 0} label=${say.progress(filename)} still=${state !== "sending"} /></div>
    <div class="row-actions">
      ${isGoing && html`<${Action} icon="pause" says=${say.pause(filename)} onClick=${() => upload.pause()} />`}
      ${state === "paused" && html`<${Action} icon="play" says=${say.resume(filename)} onClick=${() => upload.resume()} />`}
      ${state === "failed" && html`<${Action} icon="retry" says=${say.retry(filename)} onClick=${() => upload.retry()} />`}
      <${Action} icon="cancel" says=${say.cancel(filename)} onClick=${() => onProblem(() => uploads.cancel(item))} />
    </div>
    ${state === "failed" && html`<div class="trouble small"><p class="bad" role="alert">${upload.error.detail ?? upload.error.message}</p></div>`}
  </li>`;
}

function standing({ upload: { state, sent, size }, speed }, say, formats) {
  const bytes = say.bytes(formats.bytes(sent), formats.bytes(size));
  if (state === "waiting") return `${formats.bytes(size)} · ${say.waiting}`;
  if (state === "paused" || state === "offline") return `${bytes} · ${say[state]}`;
  const rate = state === "sending" && size >= RATE_FROM_BYTES ? speed.perSecond : null;
  if (!rate) return bytes;
  return [bytes, say.rate(formats.bytes(rate)), say.left(formats.duration((size - sent) / rate))].join(" · ");
}

/** An upload that a reload has cut: the browser gives no page a file that was not chosen again. */
export function InterruptedRow({ saved, onChoose, onProblem }) {
  const say = useWords(words).uploads;
  const formats = useFormats();
  const [isAsking, setAsking] = useState(false);
  const answer = (isSure) => {
    setAsking(false);
    if (isSure) onProblem(() => uploads.giveUp(saved));
  };
  return html`<li class="row upload">
    <div class="what"><p class="name cut" title=${saved.filename}>${saved.filename}</p>
      <p class="warn small">${formats.bytes(saved.size_bytes)} · ${say.interrupted}</p></div>
    <div class="standing"><button type="button" class="button" onClick=${onChoose}>${say.chooseAgain}</button></div>
    <div class="row-actions"><${Action} icon="cancel" says=${say.giveUp(saved.filename)} onClick=${() => setAsking(true)} /></div>
    ${isAsking && html`<${Confirm} title=${say.giveUpTitle(saved.filename)} action=${say.giveUpAction} onAnswer=${answer}>
      <p class="soft">${say.giveUpText}</p><//>`}
  </li>`;
}
