// One job: its actions, what came of them, and what can be done about it.
import { html } from "../../../vendor/preact.js";
import { useLive } from "../../../lib/asking.js";
import { client } from "../../../lib/client.js";
import { useFormats, useWords } from "../../../lib/language.js";
import { tell } from "../../../lib/news.js";
import { hrefTo } from "../../../lib/route.js";
import { isMoving } from "../../../lib/statuses.js";
import { Act } from "../../../parts/act.js";
import { Icon } from "../../../parts/icon.js";
import { ProgressBar } from "../../../parts/progress_bar.js";
import { StatusChip } from "../../../parts/status_chip.js";
import { Live } from "../live.js";
import { words as viewWords } from "../words.js";
import { Timeline } from "./timeline.js";
import { words } from "./words.js";

export function Job({ id }) {
  const say = useWords(words);
  const job = useLive(() => client.queueJob(id), [id], { seconds: 2 });
  return html`
    <p class="back"><a href=${hrefTo(["operations", "jobs"])}><${Icon} name="back" />${say.list}</a></p>
    <${Live} of=${job}>${(answer) => html`
      <${Head} job=${answer} again=${job.again} />
      ${answer.actions.map((action) => html`<${Action} key=${action.action_id} action=${action} />`)}`}
    <//>`;
}

function Head({ job, again }) {
  const say = useWords(words);
  const { time } = useFormats();
  return html`<header class="job-head">
    <div>
      <h2 class="anywhere">${job.filename ?? job.actions.map((action) => action.type).join(", ")}</h2>
      <p class="soft small">
        <${StatusChip} status=${job.status} /> ${say.created} ${time(job.created_at)} · <code>${job.job_id}</code>
      </p>
    </div>
    <div class="acts">
      ${job.document_id && job.filename && html`<a class="button" href=${hrefTo(["documents", job.document_id])}>
        <${Icon} name="documents" />${say.document}</a>`}
      <${JobActs} job=${job} again=${again} />
    </div>
  </header>`;
}

function JobActs({ job, again }) {
  const say = useWords(words);
  const retry = async () => {
    await client.retryJob(job.job_id);
    tell(say.retried);
    again();
  };
  const cancel = async () => {
    await client.cancelJob(job.job_id);
    tell(say.cancelling);
    again();
  };
  const asks = { title: say.cancelTitle, text: say.cancelText, isDangerous: true };
  const hasFailed = job.actions.some((action) => action.status === "failed");
  const hasMoving = job.actions.some((action) => isMoving(action.status));
  return html`
    ${hasFailed && html`<${Act} key="retry" icon="retry" look="main" act=${retry}>${say.retry}<//>`}
    ${hasMoving && html`<${Act} key="cancel" icon="cancel" act=${cancel} asks=${asks}>${say.cancel}<//>`}`;
}

function Action({ action }) {
  const say = useWords(words);
  const isRunning = action.status === "processing";
  return html`<section class="sheet action" aria-label=${action.type}>
    <div class="title"><h2>${action.type}</h2><${StatusChip} status=${action.status} /></div>
    <${Facts} action=${action} />
    ${isRunning && html`<${ProgressBar} percent=${action.progress} label=${action.type} />`}
    ${action.cancel_requested && isRunning && html`<p class="notice">${say.cancelling}</p>`}
    ${action.error && html`<div class="notice bad"><${Icon} name="failed" />
      <p lang="en">${action.error.message} <code>${action.error.code}</code></p></div>`}
    <${Timeline} spans=${action.timeline} told=${action.error?.message} />
    ${action.result && Object.keys(action.result).length > 0 && html`<details>
      <summary>${say.result}</summary><pre tabindex="0">${JSON.stringify(action.result, null, 2)}</pre></details>`}
  </section>`;
}

function Facts({ action }) {
  const say = useWords(words);
  const names = useWords(viewWords).queues;
  const { number } = useFormats();
  const facts = {
    [say.queue]: names[action.queue] ?? action.queue,
    [say.attempts]: say.of(number(action.attempt), number(action.max_attempts)),
    [say.crashes]: action.crashes && number(action.crashes),
    [say.worker]: action.worker,
  };
  return html`<dl class="facts">${Object.entries(facts).filter(([, value]) => value).map(([name, value]) => html`
    <div key=${name}><dt>${name}</dt><dd class="anywhere numbers">${value}</dd></div>`)}</dl>`;
}
