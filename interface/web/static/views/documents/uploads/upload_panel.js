// The files on their way from this tab: all together, and those that move or need somebody.
import { html, useEffect, useRef, useState } from "../../../vendor/preact.js";
import { useWords } from "../../../lib/language.js";
import { onSingleClick } from "../../../lib/single_click.js";
import { UNDER_WAY } from "../../../lib/uploads.js";
import { Confirm } from "../../../parts/confirm.js";
import { ProgressBar } from "../../../parts/progress_bar.js";
import { InterruptedRow, UploadRow } from "./upload_row.js";
import { words } from "./words.js";

// Thousands may wait, of which nobody reads more.
const WAITING_SHOWN = 10;
const SHOWN = 50;
const ANNOUNCED_EVERY_MS = 5000;

export function UploadPanel({ uploads, onChoose, onProblem }) {
  const say = useWords(words);
  const { items, interrupted } = uploads;
  const overall = overallLine(items, say);
  const announced = useCalm(overall);
  const open = items.filter((item) => !item.isHandedOver);
  const shown = rowsShown(open);
  const hiddenCount = open.length - shown.length;
  return html`
    <p class="unseen" role="status">${announced}</p>
    ${(!uploads.isEmpty || interrupted.length > 0) && html`<section class="sheet uploads" aria-label=${say.title}>
      <div class="title">
        <h2>${say.title}</h2>
        <p class="numbers overall">${overall}</p>
        <${PanelActions} uploads=${uploads} onProblem=${onProblem} />
      </div>
      ${items.length > 0 && html`<${ProgressBar} percent=${percentOf(items)} label=${say.title} />`}
      <${LeftOut} uploads=${uploads} />
      <ul class="rows">
        ${interrupted.map((saved) => html`<${InterruptedRow} key=${saved.document_id} saved=${saved}
          onChoose=${onChoose} onProblem=${onProblem} />`)}
        ${shown.map((item) => html`<${UploadRow} key=${item.id} item=${item} onProblem=${onProblem} />`)}
      </ul>
      ${hiddenCount > 0 && html`<p class="soft small after">${say.waitingMore(hiddenCount)}</p>`}
    </section>`}`;
}

/** Return those that move or stand still for a reason, and the first of those that wait. */
function rowsShown(open) {
  let waiting = 0;
  return open.filter(({ upload }) => upload.state !== "waiting" || ++waiting <= WAITING_SHOWN).slice(0, SHOWN);
}

function overallLine(items, say) {
  if (!items.length) return "";
  const count = (outcome) => items.filter((item) => item.outcome === outcome).length;
  const [failed, cancelled] = [count("failed"), count("cancelled")];
  return [
    say.overall(count("completed"), items.length),
    failed ? say.failed(failed) : null,
    cancelled ? say.cancelled(cancelled) : null,
  ].filter(Boolean).join(", ");
}

/** Sending is one half of each file, processing the other. */
function percentOf(items) {
  const halves = items.map(({ outcome, isHandedOver, upload: { sent, size } }) => {
    if (outcome) return 2;
    return isHandedOver ? 1 : sent / (size || 1);
  });
  return (50 * halves.reduce((sum, half) => sum + half, 0)) / items.length;
}

/** Return the text as it was some seconds ago at most: what changes all the time cannot be listened to. */
function useCalm(text) {
  const [said, setSaid] = useState("");
  const latest = useRef(text);
  latest.current = text;
  useEffect(() => {
    const timer = setInterval(() => setSaid(latest.current), ANNOUNCED_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return said;
}

function LeftOut({ uploads: { hidden, unreadable } }) {
  const say = useWords(words);
  if (!hidden && !unreadable) return null;
  const sentences = [hidden ? say.hidden(hidden) : null, unreadable ? say.unreadable(unreadable) : null];
  return html`<p class="soft small after" role="status">${sentences.filter(Boolean).join(" ")}</p>`;
}

function PanelActions({ uploads, onProblem }) {
  const say = useWords(words);
  const [isAsking, setAsking] = useState(false);
  const has = (...states) => uploads.items.some(({ upload }) => states.includes(upload.state));
  const isGoing = has(...UNDER_WAY);
  const failed = uploads.items.filter((item) => item.hasFailed);
  const answer = (isSure) => {
    setAsking(false);
    if (isSure) onProblem(() => uploads.cancelAll());
  };
  return html`
    ${failed.length > 1 && html`<${Button} onClick=${() => uploads.retryAll()}>${say.retryAll}<//>`}
    ${isGoing && html`<${Button} onClick=${() => uploads.pauseAll()}>${say.pauseAll}<//>`}
    ${!isGoing && has("paused") && html`<${Button} onClick=${() => uploads.resumeAll()}>${say.resumeAll}<//>`}
    ${(isGoing || has("paused")) && html`<${Button} onClick=${() => setAsking(true)}>${say.cancelAll}<//>`}
    ${!uploads.isEmpty && uploads.isOver && html`<${Button} onClick=${() => uploads.clear()}>${say.clear}<//>`}
    ${isAsking && html`<${Confirm} title=${say.cancelTitle} action=${say.cancelAll} onAnswer=${answer}>
      <p class="soft">${say.cancelText}</p><//>`}`;
}

function Button({ onClick, children }) {
  return html`<button type="button" class="button" onClick=${onSingleClick(onClick)}>${children}</button>`;
}
