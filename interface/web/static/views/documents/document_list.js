// The documents on the server, newest first, as far down as was asked for, and how each of them stands.
import { client } from "../../lib/client.js";
import { isMoving } from "../../lib/statuses.js";

const PAGE = 100;
// Between two looks at the head no more come than this, or the list begins anew.
const HEAD = 50;
// As many as one request asks about.
export const FOLLOWED = 500;

export class DocumentList {
  rows = null;
  hasMore = false;
  error = null;
  isAsking = false;
  #filter;
  #cursor = null;
  #tell;
  #removed = new Set();
  #isLooking = false;

  /** `statuses` is shared by the lists of all filters: each change is told once. */
  constructor(filter, statuses, tell) {
    this.#filter = filter;
    this.statuses = statuses;
    this.#tell = tell;
  }

  /** Ask for the first page, or for the next. */
  async more() {
    if (this.isAsking) return;
    this.isAsking = true;
    this.#tell();
    await this.#try(async () => {
      const page = await client.documents({ ...this.#filter, limit: PAGE, cursor: this.#cursor });
      this.#cursor = page.next_cursor;
      this.hasMore = page.next_cursor !== null;
      this.#merge(page.items);
    });
    this.isAsking = false;
    this.#tell();
  }

  /** Look for what came since, from other tabs and programs as well. */
  async newer() {
    if (this.isAsking || this.#isLooking) return;
    if (this.rows === null) {
      await this.more(); // the first page could not be had so far
      return;
    }
    this.#isLooking = true;
    await this.#try(async () => {
      const { items, next_cursor } = await client.documents({ ...this.#filter, limit: HEAD });
      if (this.isAsking) return; // what goes on from the old end may not meet a new one: the next look sees it as well
      const hasGap = next_cursor !== null && !items.some((item) => this.has(item.document_id));
      if (hasGap) this.#beginWith(next_cursor);
      this.#merge(items);
    });
    this.#isLooking = false;
    this.#tell();
  }

  has(id) {
    return this.rows?.some((row) => row.document_id === id) ?? false;
  }

  take(statuses) {
    for (const status of statuses) this.statuses.set(status.document_id, status);
    this.#tell();
  }

  remove(ids) {
    ids.forEach((id) => this.#removed.add(id));
    this.rows = this.rows?.filter((row) => !ids.includes(row.document_id)) ?? null;
    this.#tell();
  }

  statusOf(row) {
    return this.statuses.get(row.document_id)?.status ?? row.status;
  }

  /** Return whom to ask about, in the order of the rows: all that moves or is not known, the others up to a request. */
  get followed() {
    const rows = this.rows ?? [];
    if (rows.length <= FOLLOWED) return rows.map((row) => row.document_id);
    const isUrgent = (row) => !this.statuses.has(row.document_id) || isMoving(this.statusOf(row));
    const urgent = rows.filter(isUrgent);
    const others = rows.filter((row) => !isUrgent(row));
    const chosen = new Set([...urgent, ...others.slice(0, Math.max(0, FOLLOWED - urgent.length))]);
    return rows.filter((row) => chosen.has(row)).map((row) => row.document_id);
  }

  async #try(ask) {
    try {
      await ask();
      this.error = null;
    } catch (error) {
      this.error = error;
    }
  }

  #beginWith(cursor) {
    this.rows = [];
    this.#cursor = cursor;
    this.hasMore = true;
  }

  /** Ids are made in the order of time. */
  #merge(items) {
    const byId = new Map((this.rows ?? []).map((row) => [row.document_id, row]));
    // A page may have been on its way while a document of it was deleted here.
    for (const item of items) if (!this.#removed.has(item.document_id)) byId.set(item.document_id, item);
    this.rows = [...byId.values()].sort((one, other) => (one.document_id < other.document_id ? 1 : -1));
  }
}
