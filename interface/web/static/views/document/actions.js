// What can be done with a document: download the original, process again, cancel, delete.
import { html, useState } from "../../vendor/preact.js";
import { client } from "../../lib/client.js";
import { download } from "../../lib/download.js";
import { tellKeyIsMissing } from "../../lib/key_watch.js";
import { useWords } from "../../lib/language.js";
import { Confirm } from "../../parts/confirm.js";
import { Icon } from "../../parts/icon.js";
import { Problem } from "../../parts/notice.js";
import { Password } from "./password.js";
import { isMoving } from "./state.js";
import { words } from "./words.js";

export function Actions({ document, status, onStarted, onDeleted }) {
  const say = useWords(words);
  const { error, isBusy, attempt } = useAttempts();
  const [asked, setAsked] = useState(null);
  const id = document.document_id;
  const process = (options) => attempt(async () => { await client.process(id, options); onStarted(); });
  const cancel = () => attempt(async () => { await client.cancel(id); onStarted(); });
  const answered = (does) => {
    setAsked(null);
    if (does) attempt(async () => onDeleted(await client.delete(id)));
  };
  const needsPassword = status.error?.code === "encrypted";
  const again = () => (needsPassword ? setAsked("password") : process());
  const hasBytes = status.status !== "awaiting_upload";
  return html`<div class="actions">
    ${hasBytes && html`<${Act} icon="download" name=${say.download} isBusy=${isBusy} onClick=${() => attempt(() => download(document))} />`}
    ${isMoving(status)
      ? html`<${Act} icon="cancel" name=${say.cancel} isBusy=${isBusy} onClick=${cancel} />`
      : hasBytes && html`<${Act} icon="retry" name=${needsPassword ? say.withPassword : say.processAgain} isBusy=${isBusy} onClick=${again} />`}
    <${Act} icon="delete" name=${say.delete} look="danger" isBusy=${isBusy} onClick=${() => setAsked("delete")} />
    ${asked === "delete" && html`<${Confirm} title=${say.deleteTitle} action=${say.delete} onAnswer=${answered}>
      <p class="anywhere">${say.deleteAbout(document.filename)}</p>
    <//>`}
    ${asked === "password" && html`<${Password} onClose=${() => setAsked(null)} onGiven=${(password) => { setAsked(null); process({ password }); }} />`}
  </div>
  ${error && html`<div class="wide"><${Problem} error=${error} /></div>`}`;
}

function Act({ icon, name, look = "", isBusy, onClick }) {
  // A button that is disabled loses the focus.
  return html`<button type="button" class="button ${look}" aria-disabled=${isBusy} onClick=${() => isBusy || onClick()}>
    <${Icon} name=${icon} />${name}</button>`;
}

/** One thing at a time; what goes wrong with it is shown until the next. */
function useAttempts() {
  const [state, setState] = useState({ error: null, isBusy: false });
  const attempt = async (work) => {
    setState({ error: null, isBusy: true });
    try {
      await work();
      setState({ error: null, isBusy: false });
    } catch (error) {
      tellKeyIsMissing(error);
      setState({ error, isBusy: false });
    }
  };
  return { ...state, attempt };
}
