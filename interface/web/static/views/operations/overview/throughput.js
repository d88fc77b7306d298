// How many documents ended in each of the last 24 hours, drawn as columns.
import { html } from "../../../vendor/preact.js";
import { useFormats, useWords } from "../../../lib/language.js";
import { words } from "./words.js";

const [STEP, GAP, HEIGHT] = [10, 3, 80];

export function Throughput({ hours, rate }) {
  const say = useWords(words);
  const { number } = useFormats();
  const [completed, failed] = ["completed", "failed"].map((name) => hours.reduce((sum, hour) => sum + hour[name], 0));
  return html`<section class="sheet throughput" aria-labelledby="throughput">
    <div class="title"><h2 id="throughput">${say.throughput}</h2>
      <ul class="legend">
        <li class="completed">${say.completed(number(completed))}</li>
        <li class="failed">${say.failed(number(failed))}</li>
        <li>${say.rate(rate ?? null)}</li>
      </ul></div>
    <${Columns} hours=${hours} label=${say.sum(number(completed), number(failed))} />
    <details><summary>${say.asTable}</summary><${HourTable} hours=${hours} /></details>
  </section>`;
}

function Columns({ hours, label }) {
  const most = Math.max(1, ...hours.map((hour) => hour.completed + hour.failed));
  const clock = useClock();
  const { number } = useFormats();
  return html`<figure class="columns">
    <span class="most numbers" aria-hidden="true">${number(most)}</span>
    <svg viewBox="0 0 ${hours.length * STEP} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${label}>
      <line class="ground" x1="0" x2=${hours.length * STEP} y1=${HEIGHT} y2=${HEIGHT} />
      ${hours.map((hour, place) => html`<${Column} key=${hour.hour} hour=${hour} x=${place * STEP + GAP / 2}
        scale=${HEIGHT / most} clock=${clock} />`)}
    </svg>
    <figcaption class="hours numbers" aria-hidden="true">
      ${hours.filter((_, place) => place % 6 === 0).map((hour) => html`<span key=${hour.hour}>${clock(hour.hour)}</span>`)}
    </figcaption>
  </figure>`;
}

function Column({ hour, x, scale, clock }) {
  const [completed, failed] = [hour.completed * scale, hour.failed * scale];
  const width = STEP - GAP;
  return html`<g>
    <title>${clock(hour.hour)}: ${hour.completed} / ${hour.failed}</title>
    <rect class="completed" x=${x} y=${HEIGHT - completed} width=${width} height=${completed} />
    <rect class="failed" x=${x} y=${HEIGHT - completed - failed} width=${width} height=${failed} />
  </g>`;
}

function HourTable({ hours }) {
  const say = useWords(words);
  const clock = useClock();
  const { number } = useFormats();
  return html`<table class="plain-table numbers">
    <thead><tr>
      <th scope="col">${say.hour}</th><th scope="col">${say.completedHead}</th><th scope="col">${say.failedHead}</th>
    </tr></thead>
    <tbody>${hours.map((hour) => html`<tr key=${hour.hour}>
      <th scope="row">${clock(hour.hour)}</th><td>${number(hour.completed)}</td><td>${number(hour.failed)}</td>
    </tr>`)}</tbody>
  </table>`;
}

function useClock() {
  const language = useWords(words).language;
  return (instant) => new Date(instant).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
}
