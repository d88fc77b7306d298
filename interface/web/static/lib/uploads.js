// The files on their way from this tab: they go on whichever view is shown.
import { useEffect, useReducer } from "../vendor/preact.js";
import { client } from "./client.js";
import { tellKeyIsMissing } from "./key_watch.js";
import { forgetSaved, heldByTabs, isOf, keepSaved, onSavedElsewhere, savedUploads } from "./saved_uploads.js";
import { Speed } from "./speed.js";

export const UNDER_WAY = ["waiting", "sending", "offline"];
const LOST_BY_LEAVING = [...UNDER_WAY, "paused"];
const ENDED = ["completed", "failed", "cancelled"];
const TOLD_EVERY_MS = 200;
// Tabs let go of their locks a moment after they were left.
const LEAVING_MS = 1000;

/** A file of this tab: its upload and, once it was handed over, how its document stands. */
class Sent {
  status = null;
  speed = new Speed();

  constructor(id, upload, saved = null) {
    this.id = id;
    this.upload = upload;
    this.saved = saved;
  }

  get documentId() {
    return this.upload.documentId ?? this.saved?.document_id ?? null;
  }

  get outcome() {
    const { state } = this.upload;
    return state === "failed" || state === "cancelled" ? state : ENDED.find((status) => status === this.status);
  }
}

class Uploads {
  items = [];
  interrupted = [];
  hidden = 0;
  unreadable = 0;
  #listeners = new Set();
  #timer = null;
  #number = 0;

  constructor() {
    onSavedElsewhere(() => this.#findInterrupted());
    this.#findInterrupted();
    setTimeout(() => this.#findInterrupted(), LEAVING_MS);
  }

  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Send files; those of interrupted uploads go on where those stopped. */
  add({ files, hidden = 0, unreadable = 0 }) {
    // What could not be sent stays until somebody has tried it again or cleared it.
    if (this.items.length && this.isOver) this.clear(({ upload }) => upload.state === "failed");
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

  async cancelAll() {
    await Promise.all(this.items.filter((item) => !isHandedOver(item)).map((item) => this.cancel(item)));
  }

  async cancel({ upload, saved }) {
    const isTakenUp = upload.documentId !== null;
    await upload.cancel();
    if (saved && !isTakenUp) await this.giveUp(saved);
  }

  /** Forget what is over, but what `stays`. */
  clear(stays = () => false) {
    this.items = this.items.filter((item) => !item.outcome || stays(item));
    this.hidden = this.unreadable = 0;
    this.#tell();
  }

  async giveUp(saved) {
    try {
      await client.delete(saved.document_id);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    forgetSaved(saved.document_id);
    await this.#findInterrupted();
  }

  get isEmpty() {
    return !this.items.length && !this.hidden && !this.unreadable;
  }

  get isOver() {
    return this.items.every((item) => item.outcome);
  }

  /** The documents whose rows stand among the uploads. */
  get documentIds() {
    const own = this.items.filter((item) => !isHandedOver(item)).map((item) => item.documentId);
    return [...own.filter(Boolean), ...this.interrupted.map((saved) => saved.document_id)];
  }

  #begin(file) {
    let documentId = null;
    const options = {
      onSaved: (saved) => {
        if (saved) keepSaved(saved);
        else if (documentId) forgetSaved(documentId);
        documentId = saved?.document_id ?? null;
      },
      onChange: () => this.#moved(item),
    };
    const saved = this.interrupted.find((each) => isOf(each, file));
    if (saved) {
      this.interrupted = this.interrupted.filter((each) => each !== saved);
      options.onSaved(saved);
    }
    const upload = saved ? client.resumeUpload(file, saved, options) : client.upload(file, options);
    const item = new Sent(++this.#number, upload, saved);
    return item;
  }

  #moved(item) {
    item.speed.note(item.upload.sent);
    if (item.upload.state === "failed") tellKeyIsMissing(item.upload.error);
    this.#tell();
  }

  async #findInterrupted() {
    const held = await heldByTabs();
    const own = this.items.map((item) => item.documentId);
    const isElsewhere = (id) => held.includes(id) || own.includes(id);
    this.interrupted = savedUploads().filter((saved) => !isElsewhere(saved.document_id));
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

export function isHandedOver({ upload }) {
  return upload.state === "processing" || upload.state === "cancelled";
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
