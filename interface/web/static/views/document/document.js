// The view of one document: what it is, how far its processing is, and what stands in it.
import { html, useState } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { hrefTo } from "../../lib/route.js";
import { Loading } from "../../parts/loading.js";
import { Empty, Problem } from "../../parts/notice.js";
import { About } from "./about.js";
import { useDetails } from "./details.js";
import { DocumentHead } from "./head.js";
import { Progress } from "./progress.js";
import { Reading } from "./reading.js";
import { Receipt } from "./receipt.js";
import { useDocument } from "./state.js";
import { words } from "./words.js";

export function DocumentView({ id, route }) {
  const [receipt, setReceipt] = useState(null);
  if (receipt) return html`<${Receipt} receipt=${receipt} />`;
  return html`<${Present} id=${id} route=${route} onDeleted=${setReceipt} />`;
}

function Present({ id, route, onDeleted }) {
  const state = useDocument(id);
  const { document, status, error, edition } = state;
  const details = useDetails(document, edition);
  if (error?.status === 404 || error?.status === 422) return html`<${Gone} />`;
  if (!document || !status) {
    return html`<div class="document">
      ${error ? html`<${Problem} error=${error} again=${state.again} />` : html`<${Loading} />`}
    </div>`;
  }
  return html`<div class="document">
    <${DocumentHead} document=${document} status=${status} query=${route.query} state=${state} onDeleted=${onDeleted} />
    ${error && html`<${Problem} error=${error} again=${state.again} />`}
    <${Progress} status=${status} />
    <${About} document=${document} status=${status} details=${details} />
    <${Reading} key=${edition} document=${document} status=${status} details=${details} route=${route} />
  </div>`;
}

function Gone() {
  const say = useWords(words);
  return html`<${Empty} icon="documents" title=${say.gone.title}>
    <p>${say.gone.about}</p>
    <a class="button" href=${hrefTo(["documents"])}>${say.toDocuments}</a>
  <//>`;
}
