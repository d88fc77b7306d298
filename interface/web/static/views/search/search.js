// The view of search: a question, and the passages that answer it.
import { html } from "../../vendor/preact.js";
import { useAnswer } from "../../lib/asking.js";
import { client } from "../../lib/client.js";
import { useFormats, useWords } from "../../lib/language.js";
import { Loading } from "../../parts/loading.js";
import { Empty, Problem } from "../../parts/notice.js";
import { SearchForm } from "./form.js";
import { questionOf, requestOf } from "./question.js";
import { Results } from "./results.js";
import { words } from "./words.js";

export function SearchView({ route }) {
  const say = useWords(words);
  const question = questionOf(route.query);
  const found = useFound(question);
  return html`<div class="search">
    <h1 class="unseen">${say.title}</h1>
    <${SearchForm} question=${question} isAsking=${found.isAsking} />
    <${Count} found=${found} />
    <${Found} question=${question} found=${found} />
  </div>`;
}

/** Ask what the address asks. The answer holds its question, so that no old passages stand under a new one's words. */
function useFound(question) {
  const key = JSON.stringify(question);
  return useAnswer(async () => {
    if (!question.q.trim()) return null;
    return { ...(await client.search(requestOf(question))), question };
  }, [key]);
}

/** How many there are, for eyes and for screen readers. */
function Count({ found: { answer, error, isAsking } }) {
  const say = useWords(words);
  const { number } = useFormats();
  const count = answer?.results.length ?? 0;
  const said = answer && !error && !isAsking ? say.found(number(count), count, number(answer.took_ms)) : "";
  return html`<p class="count small soft numbers" role="status">${isAsking && answer ? say.asking : said}</p>`;
}

function Found({ question, found: { answer, error, isAsking, again } }) {
  const say = useWords(words);
  if (!question.q.trim()) return html`<${Empty} icon="search" title=${say.start.title}><p>${say.start.about}</p><//>`;
  if (error) {
    return html`<${Problem} error=${error} again=${again} />
      ${answer && html`<${Results} found=${answer} isOld />`}`;
  }
  if (!answer) return html`<${Loading} />`;
  if (answer.results.length === 0 && !isAsking) return html`<${Nothing} question=${question} />`;
  return html`<${Results} found=${answer} isOld=${isAsking} />`;
}

function Nothing({ question }) {
  const say = useWords(words).nothing;
  const hints = [
    question.q.includes('"') && say.quotes,
    question.mode === "keyword" && say.byWords,
    (question.document || question.metadata) && say.filters,
    say.language,
    say.completed,
  ];
  return html`<${Empty} icon="search" title=${say.title}>
    <ul class="hints">${hints.filter(Boolean).map((hint) => html`<li>${hint}</li>`)}</ul>
  <//>`;
}
