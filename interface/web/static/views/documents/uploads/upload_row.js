// A file on its way: how much of it is sent, and what can be done with it.
import { html, useState } from "../../../vendor/preact.js";
import { useFormats, useWords } from "../../../lib/language.js";
import { onSingleClick } from "../../../lib/single_click.js";
import { UNDER_WAY, uploads } from "../../../lib/uploads.js";
import { Confirm } from "../../../parts/confirm.js";
import { IconButton } from "../../../parts/icon_button.js";
import { useSentence } from "../../../parts/notice.js";
import { ProgressBar } from "../../../parts/progress_bar.js";
import { words } from "./words.js";

// Below this a file is gone before its rate could be read.
const RATE_FROM_BYTES = 5_000_000;

export function UploadRow({ item, onProblem }) {
  const say = useWords(words);
  const formats = useFormats();
  const { upload } = item;
  const { state, filename, sent, size } = upload;
  return html`<li class="row upload">
    <div class="what"><p class="name cut" title=${filename}>${filename}</p>
      <p class="soft small numbers">${standing(item, say, formats)}</p></div>
    <div class="standing">
      <${ProgressBar} percent=${size ? (100 * sent) / size : 0} label=${say.progress(filename)} still=${state !== "sending"} />
    </div>
    <${RowActions} item=${item} onProblem=${onProblem} />
    ${item.hasFailed && html`<div class="trouble small">
      <${Failure} error=${upload.error} />
    </div>`}
  </li>`;
}

function Failure({ error }) {
  const own = useWords(words).failures;
  const sentence = useSentence(own);
  const { code, storeCode, status } = error;
  return html`<p class="bad" role="alert">${sentence(error)}
    ${own[code] && status && html` <code>${storeCode ?? status}</code>`}</p>`;
}

function RowActions({ item, onProblem }) {
  const say = useWords(words);
  const { upload } = item;
  const { state, filename } = upload;
  const button = (icon, says, act) => html`<${IconButton} key=${icon} icon=${icon} says=${says}
    onClick=${onSingleClick(act)} />`;
  return html`<div class="row-actions">
    ${UNDER_WAY.includes(state) && button("pause", say.pause(filename), () => upload.pause())}
    ${state === "paused" && button("play", say.resume(filename), () => upload.resume())}
    ${state === "failed" && button("retry", say.retry(filename), () => upload.retry())}
    ${button("cancel", say.cancel(filename), () => onProblem(() => uploads.cancel(item)))}
  </div>`;
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
  const say = useWords(words);
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
    <div class="row-actions">
      <${IconButton} icon="cancel" says=${say.giveUp(saved.filename)} onClick=${() => setAsking(true)} />
    </div>
    ${isAsking && html`<${Confirm} title=${say.giveUpTitle(saved.filename)} action=${say.giveUpAction}
      onAnswer=${answer}><p class="soft">${say.giveUpText}</p><//>`}
  </li>`;
}
