// Draws what was asked for, and that it is not there: not yet, not any more, or not for this key.
import { html } from "../../vendor/preact.js";
import { forgetKey } from "../../lib/client.js";
import { tellKeyIsMissing } from "../../lib/key_watch.js";
import { useWords } from "../../lib/language.js";
import { Loading } from "../../parts/loading.js";
import { Empty, Problem } from "../../parts/notice.js";
import { words } from "./words.js";

/** `of` is what `useLive` or `useAnswer` gave; `children` draws the answer. The last answer stays beside a problem. */
export function Live({ of: { answer, error, again }, children }) {
  if (error?.code === "scope_missing") return html`<${NoScope} />`;
  return html`
    ${error && html`<${Problem} error=${error} again=${again} />`}
    ${answer ? children(answer) : !error && html`<${Loading} />`}`;
}

function NoScope() {
  const say = useWords(words).noScope;
  const useAnother = () => {
    forgetKey();
    tellKeyIsMissing({ status: 401 });
  };
  return html`<${Empty} icon="key" title=${say.title}>
    <p>${say.about}</p>
    <button type="button" class="button" onClick=${useAnother}>${say.another}</button>
  <//>`;
}
