// The files on their way from this tab: they go on whichever view is shown.
import { useEffect, useReducer } from "../vendor/preact.js";
import { client } from "./client.js";
import { tellKeyIsMissing } from "./key_watch.js";
import { OtherTabs } from "./other_tabs.js";
import { forgetSaved, isOf, keepSaved, onSavedElsewhere, savedUploads } from "./saved_uploads.js";
import { SentFile } from "./sent_file.js";

export const UNDER_WAY = ["waiting", "sending", "offline"];
const LOST_BY_LEAVING = [...UNDER_WAY, "paused"];
const TOLD_EVERY_MS = 200;

class Uploads {
  items = [];
  interrupted = [];
  hidden = 0;
  unreadable = 0;
  #listeners = new Set();
  #timer = null;
  #number = 0;
  #tabs = new OtherTabs(() => this.#ownIds, (ids) => this.#dropInterrupted(ids));

  constructor() {
    onSavedElsewhere(() => this.#findInterrupted());
    this.#findInterrupted();
  }

  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Send files; those of interrupted uploads go on where those stopped. */
  add({ files, hidden = 0, unreadable = 0 }) {
    // What could not be sent stays until somebody has tried it again or cleared it.
    if (this.items.length && this.isOver) this.clear((item) => item.hasFailed);
    this.hidden += hidden;
    this.unreadable += unreadable;
    this.items = [...this.items, ...files.map((file) => this.#begin(file))];
    this.#tell();
  }

  /** Take note of how documents stand. */
  note(statuses) {
    const byId = new Map(statuses.map((status) => [status.document_id, status.status]));
    for (const item of this.items) item.status = byId.get(item.documentId) ?? item.status;
    this.#tell();
  }

  /** Documents that are gone were deleted: nothing more will come of them. */
  miss(ids) {
    for (const item of this.items) if (ids.includes(item.documentId)) item.status = "cancelled";
    this.#tell();
  }

  pauseAll() {
    this.items.forEach(({ upload }) => upload.pause());
  }

  resumeAll() {
    this.items.forEach(({ upload }) => upload.resume());
  }

  retryAll() {
    this.items.forEach(({ upload }) => upload.retry());
  }

  async cancelAll() {
    await Promise.all(this.items.filter((item) => !item.isHandedOver).map((item) => this.cancel(item)));
  }

  async cancel({ upload, saved }) {
    const isTakenUp = upload.documentId !== null;
    await upload.cancel();
    if (saved && !isTakenUp) await this.giveUp(saved);
  }

  /** Forget what is over, but what `stays`. What has failed in the middle is interrupted then: it can be gone on with. */
  clear(stays = () => false) {
    this.items = this.items.filter((item) => !item.outcome || stays(item));
    this.hidden = this.unreadable = 0;
    this.#findInterrupted();
    this.#tell();
  }

  async giveUp(saved) {
    try {
      await client.delete(saved.document_id);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    forgetSaved(saved.document_id);
    this.#dropInterrupted([saved.document_id]);
  }

  get isEmpty() {
    return !this.items.length && !this.hidden && !this.unreadable;
  }

  get isOver() {
    return this.items.every((item) => item.outcome);
  }

  /** The documents whose rows stand among the uploads. */
  get documentIds() {
    const own = this.items.filter((item) => !item.isHandedOver).map((item) => item.documentId);
    return [...own.filter(Boolean), ...this.interrupted.map((saved) => saved.document_id)];
  }

  get #ownIds() {
    return this.items.map((item) => item.documentId).filter(Boolean);
  }

  #begin(file) {
    const saved = this.interrupted.find((each) => isOf(each, file)) ?? null;
    const options = { onSaved: this.#keeper(saved), onChange: () => this.#moved(item) };
    const upload = saved ? client.resumeUpload(file, saved, options) : client.upload(file, options);
    const item = new SentFile(++this.#number, upload, saved);
    if (saved) {
      this.#tabs.hold(saved.document_id);
      this.#dropInterrupted([saved.document_id]);
    }
    return item;
  }

  /** Return what keeps in the browser how an upload is gone on with, until that is no longer needed. */
  #keeper(begun) {
    let documentId = begun?.document_id ?? null;
    return (saved) => {
      if (saved) keepSaved(saved);
      else if (documentId) forgetSaved(documentId);
      documentId = saved?.document_id ?? null;
    };
  }

  #moved(item) {
    item.speed.note(item.upload.sent);
    if (item.hasFailed) tellKeyIsMissing(item.upload.error);
    this.#tell();
  }

  async #findInterrupted() {
    const held = await this.#tabs.held();
    const own = this.#ownIds;
    this.interrupted = savedUploads().filter(({ document_id: id }) => !held.has(id) && !own.includes(id));
    this.#tell();
  }

  #dropInterrupted(ids) {
    this.interrupted = this.interrupted.filter((saved) => !ids.includes(saved.document_id));
    this.#tell();
  }

  #tell() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      warnOnLeaving(this.items.some(({ upload }) => LOST_BY_LEAVING.includes(upload.state)));
      this.#listeners.forEach((listener) => listener());
    }, TOLD_EVERY_MS);
  }
}

function askBeforeLeaving(event) {
  event.preventDefault();
}

/** Only while bytes are going up: a page that always listens is always asked about, and never kept for the way back. */
function warnOnLeaving(isNeeded) {
  if (isNeeded) addEventListener("beforeunload", askBeforeLeaving);
  else removeEventListener("beforeunload", askBeforeLeaving);
}

export const uploads = new Uploads();

/** Return the uploads, and draw anew when they change. */
export function useUploads() {
  const [, redraw] = useReducer((count) => count + 1, 0);
  useEffect(() => uploads.onChange(redraw), []);
  return uploads;
}
