// Uploads in parts that a reload has to outlive: what it takes to go on is kept in the browser.
const KEPT = "esteira.upload.";

export function savedUploads() {
  return Object.keys(localStorage).filter((key) => key.startsWith(KEPT)).map(read).filter(Boolean);
}

export function keepSaved(saved) {
  // First of all: other tabs look who holds it as soon as it is written.
  holdForThisTab(saved.document_id);
  localStorage.setItem(KEPT + saved.document_id, JSON.stringify(saved));
}

export function forgetSaved(documentId) {
  localStorage.removeItem(KEPT + documentId);
  released.get(documentId)?.();
  released.delete(documentId);
}

/** Call `tell` when another tab has saved or forgotten one. */
export function onSavedElsewhere(tell) {
  addEventListener("storage", ({ key }) => key?.startsWith(KEPT) && tell());
}

export function isOf(saved, file) {
  const { filename, size_bytes, last_modified } = saved;
  return filename === file.name && size_bytes === file.size && last_modified === file.lastModified;
}

/** Return the ids of documents that another tab is sending, which are not interrupted. */
export async function heldByTabs() {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return held.map(({ name }) => name.replace(KEPT, ""));
}

const released = new Map();

/** The browser lets go of a lock by itself when its tab ends. Pages that came by plain HTTP have none. */
function holdForThisTab(documentId) {
  if (released.has(documentId) || !navigator.locks) return;
  navigator.locks.request(KEPT + documentId, () => new Promise((resolve) => released.set(documentId, resolve)));
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}
