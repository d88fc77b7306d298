// The view of those who run Esteira: what the queues do, jobs, what failed for good, reports and upkeep.
import { html, useEffect, useRef } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { hrefTo } from "../../lib/route.js";
import { DeadLetters } from "./dead_letters/dead_letters.js";
import { Job } from "./jobs/job.js";
import { Jobs } from "./jobs/jobs.js";
import { Overview } from "./overview/overview.js";
import { Reports } from "./reports/reports.js";
import { words } from "./words.js";

const TABS = { overview: [], jobs: ["jobs"], deadLetters: ["dead-letters"], reports: ["reports"] };
const VIEWS = { "": Overview, jobs: Jobs, "dead-letters": DeadLetters, reports: Reports };

export function OperationsView({ route }) {
  const say = useWords(words);
  const [, chosen = "", id] = route.path;
  const Chosen = VIEWS[chosen] ?? Overview;
  const tabs = useRef(null);
  useEffect(() => showCurrent(tabs.current), [chosen]);
  return html`<div class="operations">
    <div class="head"><h1>${say.title}</h1></div>
    <nav class="tabs" ref=${tabs} aria-label=${say.title}>
      <ul>
        ${Object.entries(TABS).map(([name, path]) => html`<li key=${name}>
          <a href=${hrefTo(["operations", ...path])} aria-current=${chosen === (path[0] ?? "") ? "page" : null}>
            ${say.tabs[name]}
          </a>
        </li>`)}
      </ul>
    </nav>
    ${chosen === "jobs" && id ? html`<${Job} key=${id} id=${id} />` : html`<${Chosen} route=${route} />`}
  </div>`;
}

/** On a narrow screen the tabs are wider than it. */
function showCurrent(tabs) {
  const current = tabs.querySelector("[aria-current]");
  if (current) tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - current.offsetWidth) / 2;
}
