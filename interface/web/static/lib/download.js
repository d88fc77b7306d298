// Gets the original to where the browser keeps downloads.
import { client } from "./client.js";

/** Without a key the browser goes there by itself, however large it is; with one, only a request can carry it. */
export async function download({ document_id, filename, links }) {
  if (!client.apiKey) {
    save(links.content, filename);
    return;
  }
  const url = URL.createObjectURL(await client.content(document_id));
  save(url, filename);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function save(url, filename) {
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.click();
}
