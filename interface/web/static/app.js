// The page: its frame, and which view stands in it.
import { html, render, useEffect, useRef, useState } from "./vendor/preact.js";
import { Frame } from "./frame.js";
import { KeyForm } from "./key_form.js";
import { onMissingKey } from "./lib/key_watch.js";
import { firstLanguage, keepLanguage, Language, useWords } from "./lib/language.js";
import { hrefTo, useRoute } from "./lib/route.js";
import { Empty } from "./parts/notice.js";
import { DocumentView } from "./views/document/document.js";
import { DocumentsView } from "./views/documents/documents.js";
import { OperationsView } from "./views/operations/operations.js";
import { SearchView } from "./views/search/search.js";
import { words } from "./words.js";

const VIEWS = { documents: DocumentsView, search: SearchView, operations: OperationsView };

function Page() {
  const [language, setLanguage] = useState(firstLanguage);
  const [missingKey, setMissingKey] = useState(null);
  useEffect(() => keepLanguage(language), [language]);
  useEffect(() => onMissingKey(setMissingKey), []);
  useEffect(keepPageFromFiles, []);
  return html`<${Language.Provider} value=${language}>
    <${Frame} language=${language} onLanguage=${setLanguage}>
      ${missingKey ? html`<${KeyForm} onKept=${() => setMissingKey(null)} />` : html`<${View} />`}
    <//>
  <//>`;
}

function View() {
  const route = useRoute();
  const say = useWords(words);
  const [section = "documents", id] = route.path;
  useFocusOnChange(route.path.join("/"));
  useTitle(VIEWS[section] && say[section]);
  if (section === "documents" && id) return html`<${DocumentView} key=${id} id=${id} route=${route} />`;
  const Chosen = VIEWS[section];
  if (Chosen) return html`<${Chosen} route=${route} />`;
  return html`<${Empty} icon="search" title=${say.nowhere.title}>
    <a class="button" href=${hrefTo(["documents"])}>${say.nowhere.back}</a>
  <//>`;
}

/** Tabs of the browser and its history are told apart by it, and screen readers read it first. */
function useTitle(section) {
  useEffect(() => { document.title = section ? `${section} · Esteira` : "Esteira"; }, [section]);
}

/** Screen readers and the keyboard begin at the top of a new view, as with a page that was loaded. */
function useFocusOnChange(path) {
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) {
      document.querySelector("main").focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    first.current = false;
  }, [path]);
}

/** A file that is dropped beside its place would be opened by the browser instead of the page, and uploads be lost. */
function keepPageFromFiles() {
  const refuse = (event) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  };
  const events = ["dragover", "drop"];
  events.forEach((name) => document.documentElement.addEventListener(name, refuse));
  return () => events.forEach((name) => document.documentElement.removeEventListener(name, refuse));
}

render(html`<${Page} />`, document.getElementById("app"));
