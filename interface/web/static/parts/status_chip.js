// How a document, a job or an action stands, in a word, a colour and a sign.
import { html } from "../vendor/preact.js";
import { useWords } from "../lib/language.js";
import { Icon } from "./icon.js";
import { words } from "./words.js";

const LOOKS = {
  awaiting_upload: ["", "upload"],
  pending: ["", "waiting"],
  processing: ["busy", "busy"],
  completed: ["good", "done"],
  failed: ["bad", "failed"],
  cancelled: ["", "cancel"],
};

export function StatusChip({ status }) {
  const [look, sign] = LOOKS[status] ?? ["", "waiting"];
  return html`<span class="chip ${look}"><${Icon} name=${sign} />${useWords(words).status[status] ?? status}</span>`;
}
