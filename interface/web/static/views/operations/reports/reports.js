// Reports that this tab has asked for, and what keeps the house in order: cleanup and doctor.
import { html, useState } from "../../../vendor/preact.js";
import { useLive } from "../../../lib/asking.js";
import { client } from "../../../lib/client.js";
import { downloadFrom } from "../../../lib/download.js";
import { useKept } from "../../../lib/kept.js";
import { useFormats, useWords } from "../../../lib/language.js";
import { isFinal, isMoving } from "../../../lib/statuses.js";
import { Act } from "../../../parts/act.js";
import { useSentence } from "../../../parts/notice.js";
import { ProgressBar } from "../../../parts/progress_bar.js";
import { StatusChip } from "../../../parts/status_chip.js";
import { ReportForm } from "./report_form.js";
import { Upkeep } from "./upkeep.js";
import { words } from "./words.js";

const MOST = 20;

export function Reports() {
  const say = useWords(words);
  const [asked, setAsked] = useKept("reports", []);
  const start = async (wanted) => {
    const { job_id } = await client.startArtifact(wanted);
    setAsked((asked) => [{ ...wanted, job_id }, ...asked].slice(0, MOST));
  };
  return html`
    <section class="sheet" aria-labelledby="reports">
      <div class="title"><h2 id="reports">${say.reports}</h2></div>
      <${ReportForm} onStart=${start} />
      ${asked.length > 0 && html`<ul class="lines" aria-label=${say.asked}>
        ${asked.map((report) => html`<${Report} key=${report.job_id} report=${report} />`)}
      </ul>`}
    </section>
    <${Upkeep} />`;
}

function Report({ report }) {
  const say = useWords(words);
  const { time } = useFormats();
  const sentence = useSentence();
  const [isOver, setOver] = useState(false);
  const { answer, error } = useLive(async () => {
    const state = await stateOf(report.job_id);
    setOver(isFinal(state.status));
    return state;
  }, [report.job_id], { seconds: isOver ? 60 : 2 });
  const name = `${say.names[report.report]}, ${report.kind.toUpperCase()}`;
  const failure = answer?.actions?.[0]?.error;
  return html`<li class="report">
    <div class="what"><strong>${name}</strong>
      ${answer?.created_at && html`<span class="soft small">${time(answer.created_at)}</span>`}
      ${failure && html`<p class="small wrong" lang="en">${failure.message}</p>`}
      ${error && html`<p class="small wrong">${sentence(error)}</p>`}</div>
    ${answer?.isGone && html`<span class="chip">${say.gone}</span>`}
    ${answer && !answer.isGone && html`<${StatusChip} status=${answer.status} />`}
    ${answer && isMoving(answer.status) && html`<${ProgressBar} percent=${answer.progress} label=${name} />`}
    ${answer?.status === "completed" && !answer.isGone && html`<${Download} jobId=${report.job_id} name=${name} />`}
  </li>`;
}

function Download({ jobId, name }) {
  const say = useWords(words);
  const download = async () => downloadFrom(await client.artifactUrl(jobId));
  return html`<${Act} icon="download" look="main" about=${name} act=${download}>${say.download}<//>`;
}

/** Return the job's status, and whether its file's time is over: that is no error, files are kept for a day. */
async function stateOf(jobId) {
  try {
    const job = await client.job(jobId);
    if (job.status === "completed") await client.artifactUrl(jobId);
    return job;
  } catch (error) {
    if (error.status === 410 || error.code === "job_not_found") return { status: "completed", isGone: true };
    throw error;
  }
}
