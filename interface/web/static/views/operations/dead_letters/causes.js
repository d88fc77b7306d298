// How much failed for which cause, and trying all of it again.
import { html } from "../../../vendor/preact.js";
import { client } from "../../../lib/client.js";
import { useFormats, useWords } from "../../../lib/language.js";
import { tell } from "../../../lib/news.js";
import { hrefTo } from "../../../lib/route.js";
import { Act } from "../../../parts/act.js";
import { words } from "./words.js";

export function Causes({ causes, chosen, again }) {
  const say = useWords(words);
  const { number } = useFormats();
  const all = causes.reduce((sum, cause) => sum + cause.count, 0);
  if (all === 0) return null;
  return html`<section class="sheet" aria-labelledby="causes">
    <div class="title"><h2 id="causes">${say.causes}</h2><${ReplayAll} count=${all} again=${again} /></div>
    <ul class="lines">${causes.map(({ code, count }) => html`<li key=${code} class="cause-line">
      <a href=${hrefTo(["operations", "dead-letters"], code === chosen ? {} : { code })}
        aria-current=${code === chosen ? "true" : null}><code>${code}</code></a>
      <span class="numbers">${number(count)}</span>
      <${ReplayAll} code=${code} count=${count} again=${again} />
    </li>`)}</ul>
  </section>`;
}

function ReplayAll({ code = null, count, again }) {
  const say = useWords(words);
  const { number } = useFormats();
  const replay = async () => {
    tell(say.retried(number(await replayToTheEnd(code))));
    again();
  };
  const asks = { title: say.replayTitle(number(count)), text: code ? say.replayText(code) : say.replayEverything };
  return html`<${Act} icon="retry" about=${code} act=${replay} asks=${asks}>${code ? say.retryCause : say.retryAll}<//>`;
}

/** Return how many were tried again. A call takes some hundreds; what fails once more meanwhile is left alone. */
async function replayToTheEnd(code) {
  const wanted = code ? { code } : {};
  let retried = 0;
  for (let receipt = { remaining: 1 }; receipt.remaining > 0; ) {
    const { failed_before } = receipt;
    receipt = await client.replayDeadLetters({ ...wanted, ...(failed_before && { failed_before }) });
    retried += receipt.retried;
    // What is left cannot be tried again, such as that of a document that is being deleted.
    if (receipt.retried === 0) break;
  }
  return retried;
}
