// The passages that were found, best first. All of it is text: nothing from a document is ever put as HTML.
import { html, useEffect, useRef } from "../../vendor/preact.js";
import { useFormats, useWords } from "../../lib/language.js";
import { hrefTo } from "../../lib/route.js";
import { MarkedText } from "../../parts/marked_text.js";
import { excerptOf } from "./excerpt.js";
import { queryOf } from "./question.js";
import { words } from "./words.js";

/** `isOld`: another question was asked meanwhile. */
export function Results({ found, isOld }) {
  return html`<ol class="results ${isOld ? "old" : ""}" aria-busy=${isOld ? "true" : null}>
    ${found.results.map((result) => html`<${Result} key=${result.chunk_id} result=${result} question=${found.question} />`)}
  </ol>`;
}

function Result({ result, question }) {
  const say = useWords(words);
  const { text, spans } = excerptOf(result.text, result.highlights);
  const place = { page: result.page_start, chunk: result.chunk_id, q: question.q };
  const only = hrefTo(["search"], queryOf({ ...question, document: result.document_id }));
  return html`<li class="result">
    <div class="from">
      <h2><a href=${hrefTo(["documents", result.document_id], place)}>${result.filename}</a></h2>
      ${result.page_start !== null && html`<span class="small soft numbers">${pagesOf(result, say)}</span>`}
      <${Score} score=${result.score} />
    </div>
    ${result.headings.length > 0 && html`<p class="small soft path">${result.headings.join(" › ")}</p>`}
    <p class="excerpt"><${MarkedText} text=${text} spans=${spans} /></p>
    ${!question.document && html`<a class="small only" href=${only}>
      ${say.onlyHere}<span class="unseen"> ${result.filename}</span></a>`}
  </li>`;
}

function pagesOf({ page_start: first, page_end: last }, say) {
  return first === last ? say.page(first) : say.pages(first, last);
}

function Score({ score }) {
  const say = useWords(words);
  const { number } = useFormats();
  const filled = useRef(null);
  useEffect(() => { filled.current.style.width = `${Math.round(score * 100)}%`; }, [score]);
  const said = say.score(number(Math.round(score * 100)));
  return html`<span class="score" role="img" aria-label=${said} title=${said}><span ref=${filled}></span></span>`;
}
