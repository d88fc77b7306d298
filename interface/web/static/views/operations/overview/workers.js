// Who works, at what, since when.
import { html } from "../../../vendor/preact.js";
import { useFormats, useWords } from "../../../lib/language.js";
import { hrefTo } from "../../../lib/route.js";
import { ProgressBar } from "../../../parts/progress_bar.js";
import { words as viewWords } from "../words.js";
import { words } from "./words.js";

export function Workers({ workers }) {
  const say = useWords(words);
  return html`<section class="sheet" aria-labelledby="workers">
    <div class="title"><h2 id="workers">${say.workers}</h2></div>
    ${workers.length === 0
      ? html`<p class="nothing">${say.noWorkers}</p>`
      : html`<ul class="lines">${workers.map((worker) => html`<${Worker} key=${worker.name} worker=${worker} />`)}</ul>`}
  </section>`;
}

function Worker({ worker }) {
  const say = useWords(words);
  const names = useWords(viewWords).queues;
  const { ago } = useFormats();
  return html`<li class="worker">
    <div class="who"><strong class="cut" title=${worker.name}>${worker.name}</strong>
      <span class="soft small">${names[worker.queue] ?? worker.queue} · ${worker.host}, ${worker.pid}</span></div>
    ${worker.alive
      ? html`<${Work} running=${worker.running} since=${worker.started_at} />`
      : html`<div><span class="chip bad">${say.gone}</span> <span class="soft small">${ago(worker.seen_at)}</span></div>`}
  </li>`;
}

function Work({ running, since }) {
  const say = useWords(words);
  const { ago } = useFormats();
  if (!running) return html`<div class="soft small">${say.idle} · ${say.started(ago(since))}</div>`;
  const name = running.filename ?? running.type;
  return html`<div class="work">
    <a class="cut" href=${hrefTo(["operations", "jobs", running.job_id])} title=${name}>${name}</a>
    <span class="soft small">${say.attempt(running.attempt)} · ${say.since(ago(running.since))}</span>
    <${ProgressBar} percent=${running.progress} label=${name} />
  </div>`;
}
