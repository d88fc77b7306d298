// What each queue holds, and the switch that pauses it.
import { html } from "../../../vendor/preact.js";
import { client } from "../../../lib/client.js";
import { useFormats, useWords } from "../../../lib/language.js";
import { tell } from "../../../lib/news.js";
import { Act } from "../../../parts/act.js";
import { words as viewWords } from "../words.js";
import { words } from "./words.js";

const COUNTS = ["queued", "started", "scheduled", "finished", "failed"];
const LOOKS = { ok: "good", paused: "warn", starved: "bad", stuck: "bad" };

/** `again` is called after a change, so that it is seen at once. */
export function Queues({ info, health, again }) {
  const say = useWords(words);
  return html`<section class="sheet" aria-labelledby="queues">
    <div class="title"><h2 id="queues">${say.queues}</h2></div>
    <table class="rows" role="table" aria-labelledby="queues">
      <thead role="rowgroup"><tr role="row">
        <th role="columnheader" scope="col">${say.queue}</th>
        ${[...COUNTS, "oldest", "workers"].map((name) => html`<th key=${name} role="columnheader" scope="col"
          class="number" title=${say.about[name]}>${say.counts[name]}</th>`)}
        <th role="columnheader" scope="col"><span class="unseen">${say.switch}</span></th>
      </tr></thead>
      <tbody role="rowgroup">${Object.entries(info.queues).map(([name, queue]) => html`<${QueueRow} key=${name}
        name=${name} queue=${queue} condition=${health?.queues[name]?.condition} again=${again} />`)}</tbody>
    </table>
  </section>`;
}

function QueueRow({ name, queue, condition, again }) {
  const say = useWords(words);
  const names = useWords(viewWords).queues;
  const { number, duration } = useFormats();
  const oldest = queue.oldest_pending_seconds;
  const count = (key, shown) => html`<td role="cell" class="number" data-label=${say.counts[key]}>${shown}</td>`;
  return html`<tr role="row">
    <th role="rowheader" scope="row"><div class="queue-name">
      <span>${names[name] ?? name} <code>${name}</code></span>
      ${condition && html`<span class="chip ${LOOKS[condition] ?? ""}">${say.conditions[condition] ?? condition}</span>`}
    </div></th>
    ${COUNTS.map((key) => html`<td key=${key} role="cell" class="number ${queue[key] ? "" : "none"}"
      data-label=${say.counts[key]}>${number(queue[key])}</td>`)}
    ${count("oldest", oldest === null ? "–" : duration(oldest))}
    ${count("workers", number(queue.workers))}
    <td role="cell" class="switch">
      <${PauseSwitch} name=${name} title=${names[name] ?? name} paused=${queue.paused} again=${again} />
    </td>
  </tr>`;
}

function PauseSwitch({ name, title, paused, again }) {
  const say = useWords(words);
  const resume = async () => {
    await client.resumeQueue(name);
    tell(say.resumed(title));
    again();
  };
  const pause = async () => {
    await client.pauseQueue(name);
    tell(say.paused(title));
    again();
  };
  if (paused) return html`<${Act} key="resume" icon="play" about=${title} act=${resume}>${say.resume}<//>`;
  const asks = { title: say.pauseTitle(title), text: say.pauseText };
  return html`<${Act} key="pause" icon="pause" about=${title} act=${pause} asks=${asks}>${say.pause}<//>`;
}
