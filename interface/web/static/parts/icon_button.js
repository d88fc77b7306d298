// A button that shows a sign alone, and says in words what it does.
import { html } from "../vendor/preact.js";
import { Icon } from "./icon.js";

/** While it `isBusy` it keeps the focus, which a button that is disabled loses. */
export function IconButton({ icon, says, onClick, look = "plain", isDisabled = false, isBusy = false }) {
  return html`<button type="button" class="button only-icon ${look}" aria-label=${says} title=${says}
    disabled=${isDisabled} aria-disabled=${isBusy || null} onClick=${(event) => isBusy || onClick(event)}>
    <${Icon} name=${icon} /></button>`;
}
