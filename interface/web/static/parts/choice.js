// A choice of one from a few that stand side by side.
import { html } from "../vendor/preact.js";

/** `options` are `{ value, name, about }`; `about` is told to who rests on it. */
export function Choice({ label, value, options, onChoose, look = "" }) {
  return html`<div class="choice ${look}" role="group" aria-label=${label}>
    ${options.map((option) => html`<button type="button" key=${option.value} aria-pressed=${option.value === value}
      title=${option.about} onClick=${() => onChoose(option.value)}>${option.name}</button>`)}
  </div>`;
}
