// The ways of reading: side by side where there is room, else one at a time.
import { html, useState } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { Choice } from "../../parts/choice.js";
import { countedFrom } from "./finding.js";
import { PagePicture } from "./page_picture.js";
import { PageText, WholeText } from "./text.js";
import { Passages } from "./passages.js";
import { Strip } from "./strip.js";
import { words } from "./words.js";

export function Panes({ document, place, page, picture, begin, marks, found }) {
  const say = useWords(words);
  const ways = picture ? ["picture", "text", "passages"] : ["text", "passages"];
  const [way, setWay] = useState(place.chunk ? "text" : ways[0]);
  const [spot, setSpot] = useState(null);
  const spans = spot && begin !== null ? [...marks, ...countedFrom(begin, [{ ...spot, kind: "passage" }])] : marks;
  const id = document.document_id;
  return html`
    <${Choice} look="ways-of-reading" label=${say.ways} value=${way} onChoose=${setWay}
      options=${ways.map((each) => ({ value: each, name: say[each] }))} />
    <div class="panes ${picture ? "with-pictures" : ""}" data-way=${way}>
      ${picture && html`
        <${Strip} pages=${picture.pages} total=${picture.total ?? page} current=${page} onTurn=${place.turnTo} />
        <${Pane} name="picture" key="picture-${page}"><${PagePicture} pages=${picture.pages} page=${page} /><//>`}
      <${Pane} name="text" key="text-${page}">
        ${page === null
          ? html`<${WholeText} id=${id} spans=${spans} />`
          : html`<${PageText} id=${id} page=${page} spans=${spans} />`}
      <//>
      <${Pane} name="passages" key="passages-${page}">
        <${Passages} id=${id} page=${page} chunk=${place.chunk} hits=${found.hits} onSpot=${setSpot}
          onOpen=${place.open} />
      <//>
    </div>`;
}

/** Scrolls by itself, so the keyboard must get to it. */
function Pane({ name, children }) {
  const say = useWords(words);
  return html`<section class="pane sheet ${name}" aria-label=${say[name]} tabindex="0">${children}</section>`;
}
