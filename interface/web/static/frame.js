// What stands around every view: name, sections, theme and language.
import { html, useState } from "./vendor/preact.js";
import { client, forgetKey } from "./lib/client.js";
import { forgetKept } from "./lib/kept.js";
import { LANGUAGES, useWords } from "./lib/language.js";
import { hrefTo, useRoute } from "./lib/route.js";
import { Icon } from "./parts/icon.js";
import { IconButton } from "./parts/icon_button.js";
import { News } from "./parts/news.js";
import { words } from "./words.js";

const SECTIONS = ["documents", "search", "operations"];
const THEMES = ["auto", "light", "dark"];

export function Frame({ language, onLanguage, children }) {
  const say = useWords(words);
  const other = Object.keys(LANGUAGES).find((each) => each !== language);
  return html`
    <a class="skip" href="#content" onClick=${skip}>${say.skip}</a>
    <header class="bar">
      <a class="name" href=${hrefTo(["documents"])}><img src="assets/icon.svg" alt="" />Esteira</a>
      <${Sections} />
      <div class="choices">
        ${client.apiKey && html`<${ForgetKey} />`}
        <${ThemeChoice} />
        <button type="button" class="button plain" lang=${other}
          onClick=${() => onLanguage(other)}>${say.language}</button>
      </div>
    </header>
    <main id="content" tabindex="-1">${children}</main>
    <${News} />`;
}

function Sections() {
  const say = useWords(words);
  const [current = "documents"] = useRoute().path;
  return html`<nav aria-label=${say.sections}>
    ${SECTIONS.map((section) => html`<a href=${hrefTo([section])} aria-current=${section === current ? "page" : null}>
      <${Icon} name=${section} />${say[section]}
    </a>`)}
  </nav>`;
}

function ThemeChoice() {
  const say = useWords(words);
  const [theme, setTheme] = useState(document.documentElement.dataset.theme);
  const choose = () => {
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    localStorage.setItem("esteira.theme", next);
    document.documentElement.dataset.theme = next;
    setTheme(next);
  };
  return html`<${IconButton} icon=${theme} says=${say.theme[theme]} onClick=${choose} />`;
}

/** For a machine that others use next; the page begins anew, so that nothing of it is left. */
function ForgetKey() {
  const say = useWords(words).key;
  const forget = () => {
    forgetKey();
    forgetKept(); // what it was used for, such as the list of reports
    location.reload();
  };
  return html`<${IconButton} icon="key" says=${say.forget} onClick=${forget} />`;
}

/** The address behind `#` names the view, so the jump is made here. */
function skip(event) {
  event.preventDefault();
  document.getElementById("content").focus();
}
