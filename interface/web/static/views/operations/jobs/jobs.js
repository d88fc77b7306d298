// Jobs, newest first, by their state and their queue.
import { html, useState } from "../../../vendor/preact.js";
import { useLive } from "../../../lib/asking.js";
import { client } from "../../../lib/client.js";
import { useFormats, useWords } from "../../../lib/language.js";
import { go, hrefTo } from "../../../lib/route.js";
import { Empty } from "../../../parts/notice.js";
import { Select } from "../../../parts/select.js";
import { ShowMore } from "../../../parts/show_more.js";
import { StatusChip } from "../../../parts/status_chip.js";
import { words as partWords } from "../../../parts/words.js";
import { Live } from "../live.js";
import { words as viewWords } from "../words.js";
import { words } from "./words.js";

const STATUSES = ["pending", "processing", "completed", "failed", "cancelled"];
const [PAGE, MOST] = [50, 1000];

export function Jobs({ route }) {
  const [status, queue] = ["status", "queue"].map((name) => route.query.get(name) ?? "");
  const [limit, setLimit] = useState(PAGE);
  const asked = { ...(status && { status }), ...(queue && { queue }), limit };
  const jobs = useLive(() => client.queueJobs(asked), [status, queue, limit]);
  return html`
    <${Filters} status=${status} queue=${queue} />
    <${Live} of=${jobs}>${({ items, next_cursor }) => html`
      <${JobList} jobs=${items} isFiltered=${Boolean(status || queue)} />
      <${More} isMore=${next_cursor !== null} limit=${limit} onMore=${() => setLimit(Math.min(MOST, limit * 2))} />`}
    <//>`;
}

function Filters({ status, queue }) {
  const say = useWords(words);
  const names = useWords(viewWords).queues;
  const states = useWords(partWords).status;
  const choose = (change) => go(["operations", "jobs"], { status, queue, ...change }, { replace: true });
  return html`<div class="filters">
    <${Select} label=${say.status} value=${status} onChoose=${(status) => choose({ status })}
      options=${[["", say.any], ...STATUSES.map((each) => [each, states[each]])]} />
    <${Select} label=${say.queue} value=${queue} onChoose=${(queue) => choose({ queue })}
      options=${[["", say.any], ...Object.entries(names)]} />
  </div>`;
}

function JobList({ jobs, isFiltered }) {
  const say = useWords(words);
  if (jobs.length === 0) {
    return html`<${Empty} icon="operations" title=${isFiltered ? say.noneSuch : say.none}>
      ${isFiltered
        ? html`<a class="button" href=${hrefTo(["operations", "jobs"])}>${say.showAll}</a>`
        : html`<p>${say.noneYet}</p>`}
    <//>`;
  }
  return html`<ul class="sheet lines jobs" aria-label=${say.list}>
    ${jobs.map((job) => html`<${JobLine} key=${job.job_id} job=${job} />`)}
  </ul>`;
}

function JobLine({ job }) {
  const say = useWords(words);
  const names = useWords(viewWords).queues;
  const { ago, time } = useFormats();
  const types = several(job.actions.map((action) => action.type));
  const name = job.filename ?? types;
  const attempt = Math.max(...job.actions.map((action) => action.attempt));
  const facts = [
    job.filename && types,
    several(job.actions.map((action) => names[action.queue] ?? action.queue)),
    job.actions.length > 1 && say.actions(job.actions.length),
    attempt > 1 && say.attempt(attempt),
  ];
  return html`<li class="job">
    <${StatusChip} status=${job.status} />
    <div class="what">
      <a class="cut" href=${hrefTo(["operations", "jobs", job.job_id])} title=${name}>${name}</a>
      <span class="soft small">${facts.filter(Boolean).join(" · ")}</span>
    </div>
    <code class="cause">${job.actions.find((action) => action.error)?.error.code}</code>
    <time class="soft small numbers" datetime=${job.created_at} title=${time(job.created_at)}>
      ${ago(job.created_at)}
    </time>
  </li>`;
}

const several = (names) => [...new Set(names)].join(", ");

function More({ isMore, limit, onMore }) {
  const say = useWords(words);
  if (!isMore) return null;
  if (limit >= MOST) return html`<p class="soft show-more">${say.tooMany}</p>`;
  return html`<${ShowMore} onMore=${onMore} />`;
}
