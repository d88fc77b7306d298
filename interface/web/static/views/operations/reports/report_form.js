// What a report is to be: which one, as what, and what of.
import { html, useContext, useState } from "../../../vendor/preact.js";
import { Language, LANGUAGES, useWords } from "../../../lib/language.js";
import { Act } from "../../../parts/act.js";
import { words as statusWords } from "../../../parts/words.js";
import { words } from "./words.js";

const KINDS = ["xlsx", "pdf"];
// By report, the fields that the form has for it: of what sort each is.
const FIELDS = {
  inventory: { status: "status", filename: "text" },
  ingestion: { from: "date", to: "date" },
  search: { query: "text" },
};
const NEEDED = { search: "query" };

export function ReportForm({ onStart }) {
  const say = useWords(words);
  const language = useContext(Language);
  const [report, setReport] = useState("inventory");
  const [kind, setKind] = useState("xlsx");
  const [reportLanguage, setReportLanguage] = useState(language);
  const [params, setParams] = useState({});
  const start = () => onStart({ kind, report, params: { ...chosen(report, params), language: reportLanguage } });
  const isWanting = NEEDED[report] && !params[NEEDED[report]]?.trim();
  return html`<form class="report-form" onSubmit=${(event) => event.preventDefault()}>
    <${Select} id="report" label=${say.report} value=${report} options=${Object.keys(FIELDS).map((each) => [each, say.names[each]])} onChoose=${setReport} />
    <${Select} id="kind" label=${say.kind} value=${kind} options=${KINDS.map((each) => [each, say.kinds[each]])} onChoose=${setKind} />
    <${Select} id="report-language" label=${say.language} value=${reportLanguage} options=${Object.entries(LANGUAGES)} onChoose=${setReportLanguage} />
    ${Object.entries(FIELDS[report]).map(([name, sort]) => html`<${Param} key=${name} name=${name} sort=${sort}
      value=${params[name] ?? ""} onChange=${(value) => setParams({ ...params, [name]: value })} />`)}
    <div class="start">
      ${isWanting ? html`<p class="soft small">${say.needed}</p>` : html`<${Act} icon="table" look="main" act=${start}>${say.make}<//>`}
    </div>
  </form>`;
}

function Param({ name, sort, value, onChange }) {
  const say = useWords(words);
  const states = useWords(statusWords).status;
  const id = `param-${name}`;
  if (sort === "status") {
    const options = [["", say.any], ...Object.entries(states)];
    return html`<${Select} id=${id} label=${say.params.status} value=${value} options=${options} onChoose=${onChange} />`;
  }
  return html`<div class="field"><label for=${id}>${say.params[name]}</label>
    <input id=${id} class="input" type=${sort} value=${value} onInput=${(event) => onChange(event.currentTarget.value)} /></div>`;
}

function Select({ id, label, value, options, onChoose }) {
  return html`<div class="field"><label for=${id}>${label}</label>
    <select id=${id} class="input" value=${value} onChange=${(event) => onChoose(event.currentTarget.value)}>
      ${options.map(([option, name]) => html`<option key=${option} value=${option}>${name}</option>`)}
    </select></div>`;
}

/** Return what was filled in of the fields that this report has. */
function chosen(report, params) {
  const filled = Object.keys(FIELDS[report]).filter((name) => params[name]?.trim());
  return Object.fromEntries(filled.map((name) => [name, params[name].trim()]));
}
