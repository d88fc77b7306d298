// Asks for a key, where the server asks for one.
import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { client, forgetKey, keepKey } from "./lib/client.js";
import { useWords } from "./lib/language.js";
import { Icon } from "./parts/icon.js";
import { words } from "./words.js";

export function KeyForm({ onKept }) {
  const say = useWords(words).key;
  const [key, setKey] = useState("");
  const [isRefused, setRefused] = useState(false);
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  const use = async (event) => {
    event.preventDefault();
    keepKey(key.trim());
    try {
      await client.documents({ limit: 1 });
    } catch (error) {
      if (error.status === 401) {
        forgetKey();
        return setRefused(true);
      }
    }
    onKept();
  };
  return html`<form class="sheet key-form" onSubmit=${use}>
    <h1><${Icon} name="key" /> ${say.title}</h1>
    <p class="soft">${say.about}</p>
    <div class="field">
      <label for="key">${say.label}</label>
      <input ref=${field} id="key" class="input" type="password" autocomplete="off" required value=${key}
        aria-invalid=${isRefused} aria-describedby=${isRefused ? "key-refused" : null} onInput=${(event) => setKey(event.currentTarget.value)} />
    </div>
    ${isRefused && html`<p id="key-refused" class="notice bad" role="alert">${say.refused}</p>`}
    <button class="button main">${say.use}</button>
  </form>`;
}
