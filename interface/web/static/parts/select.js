// A choice of one from a list that unfolds.
import { html, useId } from "../vendor/preact.js";

/** `options` are pairs of a value and its name. */
export function Select({ label, value, options, onChoose, isLabelUnseen = false }) {
  const id = useId();
  return html`<div class="field">
    <label class=${isLabelUnseen ? "unseen" : null} for=${id}>${label}</label>
    <select id=${id} class="input" value=${value} onChange=${(event) => onChoose(event.currentTarget.value)}>
      ${options.map(([option, name]) => html`<option key=${option} value=${option}>${name}</option>`)}
    </select>
  </div>`;
}
