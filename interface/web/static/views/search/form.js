// Where the question is written: words, way of searching, and where to search.
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { go } from "../../lib/route.js";
import { useAfterTyping } from "../../lib/typing.js";
import { Choice } from "../../parts/choice.js";
import { Icon } from "../../parts/icon.js";
import { Filters } from "./filters.js";
import { MODES, queryOf } from "./question.js";
import { words } from "./words.js";

export function SearchForm({ question, isAsking }) {
  const say = useWords(words);
  const change = (part) => go(["search"], queryOf({ ...question, ...part }));
  const field = useField(question);
  const submit = (event) => {
    event.preventDefault();
    field.ask();
  };
  return html`<form class="search-form" role="search" onSubmit=${submit}>
    <div class="question">
      <${Icon} name="search" />
      <input ref=${field.ref} class="input" type="search" aria-label=${say.label} placeholder=${say.placeholder}
        maxlength="4000" enterkeyhint="search" autocomplete="off" spellcheck="false" value=${field.written}
        onFocus=${field.begin} onInput=${(event) => field.write(event.currentTarget.value)} />
      <button class="button main" aria-busy=${isAsking && question.q ? "true" : null}>${say.search}</button>
    </div>
    <div class="ways">
      <${Choice} label=${say.mode} value=${question.mode} onChoose=${(mode) => change({ q: field.written, mode })}
        options=${MODES.map((mode) => ({ value: mode, ...say.modes[mode] }))} />
      <${Filters} question=${question} onChange=${(part) => change({ q: field.written, ...part })} />
    </div>
  </form>`;
}

/**
 * The field of words: asks after a pause in typing, or at once with Enter. What is typed in one go is one step of the
 * way back, not one for each pause.
 */
function useField(question) {
  const [written, setWritten] = useState(question.q);
  const ref = useRef(null);
  const isFirstStep = useRef(true);
  const asked = useRef(question.q);
  const ask = (q) => {
    typing.stop();
    if (q.trim() === asked.current.trim()) return;
    const replace = !isFirstStep.current || !asked.current;
    isFirstStep.current = false;
    asked.current = q;
    go(["search"], queryOf({ ...question, q: q.trim() }), { replace });
  };
  const typing = useAfterTyping(ask);
  useEffect(() => {
    if (question.q.trim() !== asked.current.trim()) setWritten(question.q);
    asked.current = question.q;
  }, [question.q]);
  useEffect(() => focusIfNothingIsAsked(ref, question.q), []);
  const write = (value) => { setWritten(value); typing.later(value); };
  const begin = () => { isFirstStep.current = true; };
  return { ref, written, write, begin, ask: () => { ask(written); begin(); } };
}

/** After the frame has put the keyboard at the top of the new view. */
function focusIfNothingIsAsked(ref, q) {
  const timer = setTimeout(() => q || ref.current.focus({ preventScroll: true }));
  return () => clearTimeout(timer);
}
