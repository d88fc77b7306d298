// What went with a document that was deleted here.
import { html, useEffect, useRef } from "../../vendor/preact.js";
import { useFormats, useWords } from "../../lib/language.js";
import { hrefTo } from "../../lib/route.js";
import { Icon } from "../../parts/icon.js";
import { words } from "./words.js";

export function Receipt({ receipt }) {
  const say = useWords(words).receipt;
  const { number } = useFormats();
  const title = useRef(null);
  // What had the keyboard is gone.
  useEffect(() => title.current.focus(), []);
  return html`<div class="document"><section class="empty receipt">
    <${Icon} name="done" />
    <h1 ref=${title} tabindex="-1">${say.title}</h1>
    <dl class="document-facts">
      ${["chunks", "embeddings", "objects", "jobs_cancelled"].map((each) => html`<div key=${each}>
        <dt>${say[each]}</dt><dd class="numbers">${number(receipt.deleted[each])}</dd>
      </div>`)}
    </dl>
    <p class="small">${say.number} <code>${receipt.document_id}</code></p>
    <a class="button" href=${hrefTo(["documents"])}>${say.back}</a>
  </section></div>`;
}
