// Asks for a key, where the server asks for one.
import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { client, forgetKey, keepKey } from "./lib/client.js";
import { useWords } from "./lib/language.js";
import { Icon } from "./parts/icon.js";
import { words } from "./words.js";

// What the header that carries it can carry.
const KEY = /^[\x21-\x7e]+$/;

export function KeyForm({ onKept }) {
  const say = useWords(words).key;
  const [problem, setProblem] = useState(null);
  const [isAsking, setAsking] = useState(false);
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  const use = async (event) => {
    event.preventDefault();
    if (isAsking) return;
    setAsking(true);
    const found = await problemOf(field.current.value.trim());
    setAsking(false);
    setProblem(found);
    if (!found) onKept();
  };
  return html`<form class="sheet key-form" onSubmit=${use}>
    <h1><${Icon} name="key" /> ${say.title}</h1>
    <p class="soft">${say.about}</p>
    <div class="field">
      <label for="key">${say.label}</label>
      <input ref=${field} id="key" class="input" type="password" autocomplete="off" required
        aria-invalid=${problem !== null} aria-describedby=${problem && "key-problem"} />
    </div>
    ${problem && html`<p id="key-problem" class="notice bad" role="alert">${say[problem]}</p>`}
    <button class="button main" aria-disabled=${isAsking || null}>${say.use}</button>
  </form>`;
}

/** Keep the key, or return why not: `malformed`, `refused`. Any other trouble is told by the view that comes next. */
async function problemOf(key) {
  if (!KEY.test(key)) return "malformed";
  keepKey(key);
  try {
    await client.documents({ limit: 1 });
  } catch (error) {
    if (error.status !== 401) return null;
    forgetKey();
    return "refused";
  }
  return null;
}
