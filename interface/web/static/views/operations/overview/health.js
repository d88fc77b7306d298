// Whether work gets done, and if not, what to do.
import { html } from "../../../vendor/preact.js";
import { useWords } from "../../../lib/language.js";
import { Icon } from "../../../parts/icon.js";
import { words as viewWords } from "../words.js";
import { words } from "./words.js";

export function Health({ health }) {
  const say = useWords(words);
  const ill = troubles(health, say, useWords(viewWords).queues);
  return html`<section class="sheet health ${health.healthy ? "well" : "ill"}" aria-labelledby="health">
    <div class="title" role="status"><${Icon} name=${health.healthy ? "done" : "failed"} />
      <h2 id="health">${health.healthy ? say.well : say.ill}</h2></div>
    ${ill.length > 0 && html`<ul class="troubles">${ill.map(({ name, says, does }) => html`<li key=${name}>
      <strong>${name}</strong> <span class="chip bad">${says}</span><p>${does}</p>
    </li>`)}</ul>`}
    <ul class="parts">
      ${Object.entries(health.parts).map(([name, part]) => html`<li key=${name}>
        <span class="chip ${part.healthy ? "good" : "bad"}"><${Icon} name=${part.healthy ? "done" : "failed"} />
          ${say.parts[name] ?? name}<span class="unseen">: ${part.healthy ? say.answers : say.away}</span></span>
      </li>`)}
    </ul>
  </section>`;
}

/** Return what is the matter, each with what to do; in the words of the server where there are no others. */
function troubles(health, say, queueNames) {
  const parts = Object.entries(health.parts).filter(([, part]) => !part.healthy);
  const queues = Object.entries(health.queues).filter(([, queue]) => !queue.healthy);
  const inServersWords = (detail) => html`<span lang="en">${detail}</span>`;
  return [
    ...parts.map(([name, { detail }]) => ({
      name: say.parts[name] ?? name,
      says: say.away,
      does: say.advice[name] ?? inServersWords(detail),
    })),
    ...queues.map(([name, { condition, detail }]) => ({
      name: queueNames[name] ?? name,
      says: say.conditions[condition] ?? condition,
      does: condition === "starved" ? say.advice.starved(name) : inServersWords(detail),
    })),
  ];
}
