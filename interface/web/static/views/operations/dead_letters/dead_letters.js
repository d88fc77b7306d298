// What failed for good, by cause, and trying it again.
import { html, useState } from "../../../vendor/preact.js";
import { useLive } from "../../../lib/asking.js";
import { client } from "../../../lib/client.js";
import { useFormats, useWords } from "../../../lib/language.js";
import { tell } from "../../../lib/news.js";
import { hrefTo } from "../../../lib/route.js";
import { Act } from "../../../parts/act.js";
import { Empty } from "../../../parts/notice.js";
import { ShowMore } from "../../../parts/show_more.js";
import { Live } from "../live.js";
import { Causes } from "./causes.js";
import { words } from "./words.js";

const [PAGE, MOST] = [50, 1000];

export function DeadLetters({ route }) {
  const say = useWords(words);
  const code = route.query.get("code") ?? "";
  const [limit, setLimit] = useState(PAGE);
  const asked = useLive(() => ask(code, limit), [code, limit]);
  const more = () => setLimit(Math.min(MOST, limit * 2));
  return html`<${Live} of=${asked}>${({ causes, items, next_cursor }) => html`
    <${Causes} causes=${causes} chosen=${code} again=${asked.again} />
    ${items.length === 0 && html`<${Nothing} isFiltered=${Boolean(code)} />`}
    ${items.length > 0 && html`<ul class="sheet lines letters" aria-label=${say.letters}>
      ${items.map((letter) => html`<${Letter} key=${letter.action_id} letter=${letter} again=${asked.again} />`)}
    </ul>`}
    ${next_cursor !== null && limit < MOST && html`<${ShowMore} onMore=${more} />`}`}
  <//>`;
}

async function ask(code, limit) {
  const asked = { ...(code && { code }), limit };
  const [{ causes }, page] = await Promise.all([client.deadLetterCauses(), client.deadLetters(asked)]);
  return { causes, ...page };
}

function Nothing({ isFiltered }) {
  const say = useWords(words);
  return html`<${Empty} icon="done" title=${isFiltered ? say.noneSuch : say.none}>
    ${isFiltered
      ? html`<a class="button" href=${hrefTo(["operations", "dead-letters"])}>${say.showAll}</a>`
      : html`<p>${say.about}</p>`}
  <//>`;
}

function Letter({ letter, again }) {
  const say = useWords(words);
  const { ago, number } = useFormats();
  const name = letter.filename ?? letter.type;
  const retry = async () => {
    await client.retryJob(letter.job_id);
    tell(say.retried(number(1)));
    again();
  };
  return html`<li class="letter">
    <div class="what">
      <a class="cut" href=${hrefTo(["operations", "jobs", letter.job_id])} title=${name}>${name}</a>
      <p class="small" lang="en">${letter.error?.message}</p>
      <p class="soft small"><code>${letter.error?.code}</code> · ${say.attempts(number(letter.attempt))}
        ${letter.failed_at && ` · ${ago(letter.failed_at)}`}</p>
    </div>
    <${Act} icon="retry" about=${name} act=${retry}>${say.retry}<//>
    <${History} history=${letter.history} />
  </li>`;
}

function History({ history }) {
  const say = useWords(words);
  const { time } = useFormats();
  return html`<details><summary>${say.history}</summary>
    <ol class="history small">${history.map((line, place) => html`<li key=${place}>
      <time class="numbers soft" datetime=${line.at}>${time(line.at)}</time>
      <span>${say.happened(line.status, line.attempt)}${line.worker ? ` · ${line.worker}` : ""}</span>
      ${line.error_code && html`<span lang="en"><code>${line.error_code}</code> ${line.error_message}</span>`}
    </li>`)}</ol>
  </details>`;
}
