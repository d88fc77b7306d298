// How long an action waited and ran, stage by stage: a line for each span, drawn to one scale.
import { html } from "../../../vendor/preact.js";
import { useFormats, useWords } from "../../../lib/language.js";
import { words as partWords } from "../../../parts/words.js";
import { words } from "./words.js";

const WIDTH = 1000;
const LEAST = WIDTH / 200;

/** `told` is the error that is told above already. */
export function Timeline({ spans, told }) {
  const say = useWords(words);
  if (spans.length === 0) return null;
  const first = Math.min(...spans.map(startOf));
  const scale = WIDTH / Math.max(1, Math.max(...spans.map(endOf)) - first);
  return html`<ol class="timeline" aria-label=${say.timeline}>
    ${spans.map((span, place) => html`<${Span} key=${place} span=${span} told=${told}
      x=${(startOf(span) - first) * scale} width=${Math.max(LEAST, span.milliseconds * scale)} />`)}
  </ol>`;
}

function Span({ span, told, x, width }) {
  const say = useWords(words);
  const stages = { ...say.stages, ...useWords(partWords).processing.stages };
  const { time, number, duration } = useFormats();
  const { milliseconds } = span;
  const lasted = milliseconds < 10_000 ? `${number(milliseconds)} ms` : duration(milliseconds / 1000);
  const isInside = !["waiting", "running"].includes(span.stage);
  return html`<li class=${isInside ? "inside" : ""}>
    <span class="stage">${stages[span.stage] ?? span.stage}
      ${!isInside && html`<span class="soft small"> ${say.attempt(span.attempt)}</span>`}</span>
    <svg class=${span.stage} viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">
      <rect x=${Math.min(x, WIDTH - width)} y="0" width=${width} height="10" />
    </svg>
    <span class="numbers small lasted" title=${time(span.started_at)}>${lasted}${span.ended_at ? "" : " …"}</span>
    ${span.error_code && html`<span class="small why" lang="en">
      <code>${span.error_code}</code> ${span.error_message !== told && span.error_message}
    </span>`}
  </li>`;
}

const startOf = (span) => Date.parse(span.started_at);
const endOf = (span) => startOf(span) + span.milliseconds;
