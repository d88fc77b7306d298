// What a report is to be: which one, as what, and what of.
import { html, useContext, useId, useState } from "../../../vendor/preact.js";
import { Language, LANGUAGES, useWords } from "../../../lib/language.js";
import { Act } from "../../../parts/act.js";
import { Select } from "../../../parts/select.js";
import { words as partWords } from "../../../parts/words.js";
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
    <${Select} label=${say.report} value=${report} onChoose=${setReport}
      options=${Object.keys(FIELDS).map((each) => [each, say.names[each]])} />
    <${Select} label=${say.kind} value=${kind} onChoose=${setKind}
      options=${KINDS.map((each) => [each, say.kinds[each]])} />
    <${Select} label=${say.language} value=${reportLanguage} onChoose=${setReportLanguage}
      options=${Object.entries(LANGUAGES)} />
    ${Object.entries(FIELDS[report]).map(([name, sort]) => html`<${Param} key=${name} name=${name} sort=${sort}
      value=${params[name] ?? ""} onChange=${(value) => setParams({ ...params, [name]: value })} />`)}
    <div class="start">
      ${isWanting
        ? html`<p class="soft small">${say.needed}</p>`
        : html`<${Act} icon="table" look="main" act=${start}>${say.make}<//>`}
    </div>
  </form>`;
}

function Param({ name, sort, value, onChange }) {
  const say = useWords(words);
  const states = useWords(partWords).status;
  const id = useId();
  if (sort === "status") {
    const options = [["", say.any], ...Object.entries(states)];
    return html`<${Select} label=${say.params.status} value=${value} options=${options} onChoose=${onChange} />`;
  }
  return html`<div class="field"><label for=${id}>${say.params[name]}</label>
    <input id=${id} class="input" type=${sort} value=${value}
      onInput=${(event) => onChange(event.currentTarget.value)} /></div>`;
}

/** Return what was filled in of the fields that this report has. */
function chosen(report, params) {
  const filled = Object.keys(FIELDS[report]).filter((name) => params[name]?.trim());
  return Object.fromEntries(filled.map((name) => [name === "filename" ? "name_contains" : name, params[name].trim()]));
}
