// The picture of a page in the size for reading; its text stands beside it.
import { html } from "../../vendor/preact.js";
import { useWords } from "../../lib/language.js";
import { words } from "./words.js";

// Of a sheet of paper, where the size is not known yet.
const [WIDTH, HEIGHT] = [210, 297];

export function PagePicture({ pages, page }) {
  const say = useWords(words);
  const known = pages.pageAt(page);
  const shape = { width: known?.width || WIDTH, height: known?.height || HEIGHT };
  if (known?.pictures) {
    const { url, width, height } = known.pictures.reading;
    return html`<img class="page-picture" src=${url} width=${width} height=${height} alt=${say.pictureOf(page)}
      decoding="async" onError=${() => pages.renew(page)} />`;
  }
  return html`<div class="page-picture missing ${pages.isMaking ? "skeleton" : ""}" ref=${shaped(shape)}>
    <p class="small soft" role="status">${pages.isMaking ? say.makingPictures : pages.isLoaded ? say.noPicture : ""}</p>
  </div>`;
}

/** Of the shape that the picture will have, so that nothing jumps. */
function shaped({ width, height }) {
  return (element) => element && (element.style.aspectRatio = `${width} / ${height}`);
}
