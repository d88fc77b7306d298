// Uploads in parts that a reload has to outlive: what it takes to go on is kept in the browser.
import { here } from "./client.js";

const KEPT = `esteira.upload.${here.pathname}.`;

export function savedUploads() {
  return Object.keys(localStorage).filter((key) => key.startsWith(KEPT)).map(read).filter(Boolean);
}

export function keepSaved(saved) {
  localStorage.setItem(KEPT + saved.document_id, JSON.stringify(saved));
}

export function forgetSaved(documentId) {
  localStorage.removeItem(KEPT + documentId);
}

/** Call `tell` when another tab has saved or forgotten one. */
export function onSavedElsewhere(tell) {
  addEventListener("storage", ({ key }) => key?.startsWith(KEPT) && tell());
}

export function isOf(saved, file) {
  const { filename, size_bytes, last_modified } = saved;
  return filename === file.name && size_bytes === file.size && last_modified === file.lastModified;
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}
