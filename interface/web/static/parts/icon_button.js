// A button that shows a sign alone, and says in words what it does.
import { html } from "../vendor/preact.js";
import { Icon } from "./icon.js";

export function IconButton({ icon, says, onClick, look = "plain", isDisabled = false }) {
  return html`<button type="button" class="button only-icon ${look}" aria-label=${says} title=${says}
    disabled=${isDisabled} onClick=${onClick}><${Icon} name=${icon} /></button>`;
}
