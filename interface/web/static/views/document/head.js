// The head of a document: its name, how it stands, and what can be done with it.
import { html } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { hrefTo } from "../../lib/route.js";
import { Icon } from "../../parts/icon.js";
import { StatusChip } from "../../parts/status_chip.js";
import { Actions } from "./actions.js";
import { words } from "./words.js";

export function DocumentHead({ document, status, query, state, onDeleted }) {
  const say = useWords(words);
  const q = query.get("q");
  const back = q ? hrefTo(["search"], { q }) : hrefTo(["documents"]);
  return html`<div class="document-head">
    <a class="way-back small" href=${back}><${Icon} name="back" />${q ? say.toResults : say.toDocuments}</a>
    <div class="title-line">
      <h1>${document.filename}</h1>
      <span role="status"><${StatusChip} status=${status.status} /></span>
      <${Actions} document=${document} status=${status} onStarted=${state.again} onDeleted=${onDeleted} />
    </div>
  </div>`;
}
