// How far the processing is, and what is to be known when it has ended.
import { html } from "../../vendor/preact.js";
import { useFormats, useWords } from "../../lib/language.js";
import { isMoving } from "../../lib/statuses.js";
import { Icon } from "../../parts/icon.js";
import { ServerSays } from "../../parts/notice.js";
import { ProgressBar } from "../../parts/progress_bar.js";
import { words as partWords } from "../../parts/words.js";
import { words } from "./words.js";

export function Progress({ status }) {
  const say = useWords(words);
  const { failures } = useWords(partWords).processing;
  return html`
    ${isMoving(status.status) && html`<${Moving} status=${status} />`}
    ${status.status === "awaiting_upload" && html`<${Note} icon="upload">${say.awaitingUpload}<//>`}
    ${status.error && html`<${Note} icon="failed" look=${status.status === "failed" ? "bad" : ""}>
      ${failures[status.error.code] ?? html`<${ServerSays} sentence=${status.error.message} />`} <code>${status.error.code}</code>
    <//>`}
    ${status.pages.unreadable.length > 0 && html`<${Note} icon="documents">${say.unreadable(pagesOf(status))}<//>`}
    ${status.warnings.map((warning) => html`<${Note} key=${warning} icon="failed"><${ServerSays} sentence=${warning} /><//>`)}`;
}

function Moving({ status }) {
  const say = useWords(words);
  const processing = useWords(partWords).processing;
  const { number, duration } = useFormats();
  const { stage, pages, chunks, eta_seconds: eta, queue_position: place, attempt } = status;
  const doing = processing.messages[status.message] ?? processing.stages[stage] ?? say.waiting;
  const facts = [
    place && processing.place(number(place)),
    pages.done > 0 && say.pagesDone(counted(pages, number)),
    chunks.done > 0 && say.chunksDone(counted(chunks, number)),
    attempt > 1 && processing.attempt(attempt, status.max_attempts),
    eta !== null && processing.left(duration(eta)),
  ];
  return html`<section class="sheet moving" aria-label=${say.progress}>
    <p class="stage-line"><strong role="status">${doing}</strong>
      <span class="numbers">${status.progress} %</span></p>
    <${ProgressBar} percent=${status.progress} label=${say.progress} />
    <p class="small soft numbers">${facts.filter(Boolean).join(" · ")}</p>
  </section>`;
}

function counted({ done, total }, number) {
  return total === null ? number(done) : `${number(done)} / ${number(total)}`;
}

const SHOWN = 12;

function pagesOf({ pages: { unreadable } }) {
  const shown = unreadable.slice(0, SHOWN).map(({ page, code }) => `${page} (${code})`).join(", ");
  return unreadable.length > SHOWN ? `${shown}, … (${unreadable.length})` : shown;
}

function Note({ icon, look = "", children }) {
  return html`<div class="notice ${look}"><${Icon} name=${icon} /><p class="anywhere">${children}</p></div>`;
}
