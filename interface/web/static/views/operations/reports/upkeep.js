// What a cleanup would remove, and what the doctor finds. Nothing is changed from here: that is for the commands.
import { html, useState } from "../../../vendor/preact.js";
import { useLive } from "../../../lib/asking.js";
import { client } from "../../../lib/client.js";
import { useKept } from "../../../lib/kept.js";
import { useFormats, useWords } from "../../../lib/language.js";
import { isFinal } from "../../../lib/statuses.js";
import { Act } from "../../../parts/act.js";
import { ProgressBar } from "../../../parts/progress_bar.js";
import { StatusChip } from "../../../parts/status_chip.js";
import { Live } from "../live.js";
import { words } from "./words.js";

export function Upkeep() {
  const say = useWords(words);
  return html`
    <${Task} name="cleanup" say=${say.cleanup} start=${() => client.startCleanup("daily", { dry_run: true })}
      ask=${(id) => client.cleanup(id)} Found=${Receipt} />
    <${Task} name="doctor" say=${say.doctor} start=${() => client.startDoctor()}
      ask=${(id) => client.doctor(id)} Found=${Findings} />`;
}

function Task({ name, say, start, ask, Found }) {
  const [jobId, setJobId] = useKept(name, null);
  const begin = async () => setJobId((await start()).job_id);
  return html`<section class="sheet upkeep" aria-labelledby=${name}>
    <div class="title"><h2 id=${name}>${say.title}</h2><${Act} look="" act=${begin}>${say.start}<//></div>
    <p class="soft small">${say.about}</p>
    ${jobId && html`<${TaskState} key=${jobId} jobId=${jobId} ask=${ask} Found=${Found} title=${say.title} />`}
  </section>`;
}

function TaskState({ jobId, ask, Found, title }) {
  const say = useWords(words);
  const [isOver, setOver] = useState(false);
  const asked = useLive(async () => {
    const task = await ask(jobId);
    setOver(isFinal(task.status));
    return task;
  }, [jobId], { seconds: isOver ? 60 : 2 });
  return html`<${Live} of=${asked}>${(task) => html`
    <p role="status"><${StatusChip} status=${task.status} /></p>
    ${task.status === "processing" && html`<${ProgressBar} percent=${task.progress} label=${title} />`}
    ${task.status === "pending" && task.workers === 0 && html`<p class="notice">${say.noWorker}</p>`}
    ${task.error && html`<p class="notice bad" lang="en">${task.error.message}</p>`}
    ${task.result && html`<${Found} result=${task.result} />`}`}
  <//>`;
}

function Receipt({ result }) {
  const say = useWords(words);
  const { number, bytes } = useFormats();
  const swept = result.swept.filter((line) => line.count || line.left || line.note);
  if (swept.length === 0) return html`<p>${say.nothingToRemove}</p>`;
  return html`<table class="plain-table numbers">
    <thead><tr>
      <th scope="col">${say.kindOf}</th><th scope="col">${say.count}</th><th scope="col">${say.size}</th>
    </tr></thead>
    <tbody>${swept.map((line) => html`<tr key=${line.kind}>
      <th scope="row"><code>${line.kind}</code>${line.note && html` <span class="soft small" lang="en">${line.note}</span>`}</th>
      <td>${number(line.count)}</td><td>${bytes(line.bytes ?? 0)}</td>
    </tr>`)}</tbody>
  </table>`;
}

function Findings({ result }) {
  const say = useWords(words);
  const { number } = useFormats();
  const found = result.findings.filter((finding) => finding.count > 0);
  if (found.length === 0) return html`<p>${say.nothingFound}</p>`;
  return html`<ul class="troubles">${found.map((finding) => html`<li key=${finding.code}>
    <strong class="numbers">${number(finding.count)} · <code>${finding.code}</code></strong>
    <p lang="en">${finding.sentence} ${finding.repair ? finding.repair : finding.advice}</p>
  </li>`)}</ul>`;
}
