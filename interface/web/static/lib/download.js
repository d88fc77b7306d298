// Gets files to where the browser keeps downloads.
import { client } from "./client.js";

const READ_MS = 60_000;

/** Get an original. Without a key the browser does it, however large it is; with one, only a request can carry it. */
export async function download({ document_id, filename, links }) {
  if (!client.apiKey) {
    downloadFrom(links.content);
    return;
  }
  const href = URL.createObjectURL(await client.content(document_id));
  follow({ href, download: filename });
  setTimeout(() => URL.revokeObjectURL(href), READ_MS);
}

/**
 * Get what is sent as an attachment. A tab that goes there, if only by a redirect, asks first whether to leave while
 * files are on their way from it; so another one goes, which is never seen.
 */
export function downloadFrom(href) {
  follow({ href, target: "_blank", rel: "noopener" });
}

function follow(attributes) {
  Object.assign(document.createElement("a"), attributes).click();
}
