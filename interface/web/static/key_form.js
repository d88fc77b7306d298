// Asks for a key, where the server asks for one.
import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { client, forgetKey, keepKey } from "./lib/client.js";
import { useWords } from "./lib/language.js";
import { Icon } from "./parts/icon.js";
import { words } from "./words.js";

export function KeyForm({ onKept }) {
  const say = useWords(words).key;
  const [isRefused, setRefused] = useState(false);
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  const use = async (event) => {
    event.preventDefault();
    if (await isTaken(field.current.value.trim())) onKept();
    else setRefused(true);
  };
  return html`<form class="sheet key-form" onSubmit=${use}>
    <h1><${Icon} name="key" /> ${say.title}</h1>
    <p class="soft">${say.about}</p>
    <div class="field">
      <label for="key">${say.label}</label>
      <input ref=${field} id="key" class="input" type="password" autocomplete="off" required
        aria-invalid=${isRefused} aria-describedby=${isRefused ? "key-refused" : null} />
    </div>
    ${isRefused && html`<p id="key-refused" class="notice bad" role="alert">${say.refused}</p>`}
    <button class="button main">${say.use}</button>
  </form>`;
}

/** Keep the key unless the server refuses it. Any other trouble is told by the view that comes next. */
async function isTaken(key) {
  keepKey(key);
  try {
    await client.documents({ limit: 1 });
  } catch (error) {
    if (error.status !== 401) return true;
    forgetKey();
    return false;
  }
  return true;
}
