// Text with words and passages marked in it.
import { html } from "../vendor/preact.js";
import { cutAtSpans } from "../lib/spans.js";

/** Show `text`; `spans` `{ start, end, kind }` count Unicode characters, and `kind` is `word` or `passage`. */
export function MarkedText({ text, spans }) {
  return cutAtSpans(text, spans).map((piece) => {
    const look = piece.kinds.has("passage") ? "passage-mark" : null;
    if (piece.kinds.has("word")) return html`<mark class=${look}>${piece.text}</mark>`;
    return look ? html`<span class=${look}>${piece.text}</span>` : piece.text;
  });
}
