// What is known of a document: in a line, and unfolded, all of it.
import { html } from "../../vendor/preact.js";
import { useAnswer } from "../../lib/asking.js";
import { client } from "../../lib/client.js";
import { useFormats, useWords } from "../../lib/language.js";
import { hrefTo } from "../../lib/route.js";
import { Problem, useSentence } from "../../parts/notice.js";
import { useKind, useLanguageName } from "./names.js";
import { words } from "./words.js";

export function About({ document, status, details }) {
  const say = useWords(words);
  const sentence = useSentence();
  const metadata = Object.entries(document.metadata).map(([name, value]) => [name, String(value)]);
  return html`<details class="about">
    <summary class="small">
      <span class="unseen">${say.about}: </span><${Line} document=${document} status=${status} />
    </summary>
    <div class="sheet">
      <${Facts} facts=${useFacts(document, status, details.answer)} />
      <${Facts} title=${say.metadata} facts=${metadata} />
      ${details.error && html`<p class="small soft">${say.noDetails} ${sentence(details.error)}</p>`}
      <${Related} document=${document} />
    </div>
  </details>`;
}

function Line({ document, status }) {
  const say = useWords(words);
  const { bytes, number, date } = useFormats();
  const language = useLanguageName();
  const kind = useKind(document);
  const parts = [
    kind,
    bytes(document.size_bytes),
    status.pages.total && say.pageCount(number(status.pages.total), status.pages.total),
    status.chunks.total && say.chunkCount(number(status.chunks.total), status.chunks.total),
    document.language && language(document.language),
    date(document.created_at),
  ];
  const known = parts.filter(Boolean);
  return html`<span class="about-line numbers">${known.map((part) => html`<span>${part}</span>`)}</span>`;
}

function useFacts(document, status, details) {
  const say = useWords(words).facts;
  const { bytes, number, time } = useFormats();
  const language = useLanguageName();
  const when = (instant) => instant && time(instant);
  return [
    [say.title, details?.title],
    [say.author, details?.author],
    [say.made, when(details?.created_at)],
    [say.changed, when(details?.modified_at)],
    [say.type, document.content_type],
    [say.size, bytes(document.size_bytes)],
    [say.language, document.language && language(document.language)],
    [say.reused, status.chunks.reused ? number(status.chunks.reused) : null],
    [say.version, document.version > 1 ? number(document.version) : null],
    [say.announced, when(document.created_at)],
    [say.completed, when(status.completed_at)],
    [say.externalId, document.external_id],
    [say.id, document.document_id],
  ];
}

function Facts({ title = null, facts }) {
  const known = facts.filter(([, value]) => value);
  if (known.length === 0) return null;
  return html`${title && html`<h2>${title}</h2>`}<dl class="document-facts">
    ${known.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

/** The mail that it was attached to, what is attached to it, and an older document of the same bytes. */
function Related({ document }) {
  const say = useWords(words).related;
  const id = document.document_id;
  const { answer, error, again } = useAnswer(async () => {
    const found = await Promise.all([document.parent_document_id, document.duplicate_of].map(named));
    return { parent: found[0], same: found[1], attached: await attachmentsOf(id) };
  }, [id, document.parent_document_id, document.duplicate_of]);
  if (error) return html`<${Problem} error=${error} again=${again} />`;
  if (!answer) return null;
  return html`
    <${Links} title=${say.parent} documents=${[answer.parent]} />
    <${Links} title=${say.same} documents=${[answer.same]} />
    <${Links} title=${say.attached} documents=${answer.attached} />`;
}

function Links({ title, documents }) {
  const known = documents.filter(Boolean);
  if (known.length === 0) return null;
  return html`<h2>${title}</h2><ul class="links">
    ${known.map(({ document_id: id, filename }) => html`<li key=${id}>
      <a href=${hrefTo(["documents", id])}>${filename}</a>
    </li>`)}
  </ul>`;
}

/** One that was deleted meanwhile is not there to be linked. */
async function named(id) {
  if (!id) return null;
  try {
    return await client.document(id);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

async function attachmentsOf(id) {
  const found = [];
  let cursor = null;
  do {
    const page = await client.documents({ parent_document_id: id, limit: 100, cursor });
    found.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return found;
}
