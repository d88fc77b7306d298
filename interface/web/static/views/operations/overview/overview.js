// Whether all is well, what each queue holds, who works, and how much ended in each hour.
import { html } from "../../../vendor/preact.js";
import { useLive } from "../../../lib/asking.js";
import { client } from "../../../lib/client.js";
import { Live } from "../live.js";
import { Health } from "./health.js";
import { Queues } from "./queues.js";
import { Throughput } from "./throughput.js";
import { Workers } from "./workers.js";

const DOCUMENTS = "document_processing";
const SELDOM = { seconds: 30 };

export function Overview() {
  const health = useLive(() => client.queueHealth(), []);
  const figures = useLive(askFigures, []);
  const hours = useLive(() => client.throughput({ queue: DOCUMENTS }), [], SELDOM);
  // What keeps the figures away is said by the health, once.
  const isToldAbove = health.error || health.answer?.healthy === false;
  return html`
    <${Live} of=${health}>${(answer) => html`<${Health} health=${answer} />`}<//>
    ${!health.error?.status && html`
      <${Live} of=${isToldAbove ? { ...figures, error: null } : figures}>
        ${({ info, workers }) => html`
          <${Queues} info=${info} health=${health.answer} again=${() => { figures.again(); health.again(); }} />
          <${Workers} workers=${workers.items} />`}
      <//>
      <${Live} of=${{ ...hours, error: null }}>
        ${({ hours }) => html`<${Throughput} hours=${hours} rate=${figures.answer?.info.failure_rate_24h} />`}
      <//>`}`;
}

async function askFigures() {
  const [info, workers] = await Promise.all([client.queueInfo(), client.workers()]);
  return { info, workers };
}
