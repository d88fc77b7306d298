// The client of Esteira for browsers, and for Node 20.3 and later: upload, follow, search. One file, no dependency.
// SPDX-License-Identifier: Apache-2.0

const MEBIBYTE = 1024 * 1024;
const PARTS_FROM_BYTES = 64 * MEBIBYTE;
// SubtleCrypto takes a file as a whole: above this it would cost more memory than the checksum is worth.
const CHECKSUM_UP_TO_BYTES = 16 * MEBIBYTE;
const SENDS_AT_ONCE = 3;
const IDS_AT_ONCE = 500;

const ATTEMPTS = 4;
const ANSWER_SECONDS = 60;
const LONGEST_PAUSE_SECONDS = 30;
const STALLED_SECONDS = 120;
const WAIT_SECONDS = 25;
const PASSING_STATUSES = [429, 502, 503, 504];
export const FINAL = ["completed", "failed", "cancelled"];

/** A problem (RFC 9457) that the server told, or why nothing came of a request: docs/errors.md lists the codes. */
export class EsteiraError extends Error {
  constructor(code, detail, { status = null, errors = [], retryAfterSeconds = null, cause } = {}) {
    super(detail, { cause });
    this.name = "EsteiraError";
    this.code = code;
    this.detail = detail;
    this.status = status;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get isPassing() {
    if (this.code === "model_not_usable") return false;
    return this.code === "unreachable" || this.code === "request_in_flight" || PASSING_STATUSES.includes(this.status);
  }
}

export class Esteira {
  #connection;

  constructor(options = {}) {
    this.#connection = new Connection(options);
  }

  get apiKey() {
    return this.#connection.apiKey;
  }

  set apiKey(key) {
    this.#connection.apiKey = key;
  }

  upload(file, options = {}) {
    return new Upload(this.#connection, file, options);
  }

  resumeUpload(file, saved, options = {}) {
    return new Upload(this.#connection, file, options, saved);
  }

  documents(query = {}) {
    return this.#get("/documents", { query });
  }

  document(id) {
    return this.#get(documentPath(id));
  }

  status(id, { wait, signal } = {}) {
    return this.#get(`${documentPath(id)}/status`, { query: { wait }, signal, seconds: ANSWER_SECONDS + (wait ?? 0) });
  }

  async statuses(ids, etag = null, { signal } = {}) {
    const options = { query: { ids: ids.join(",") }, headers: { "If-None-Match": etag }, allowed: [304], signal };
    const { status, headers, content } = await this.#connection.request("GET", "/documents/status", options);
    return status === 304 ? null : { items: content.items, etag: headers.get("ETag") };
  }

  process(id, options = {}) {
    return this.#create(`${documentPath(id)}/process`, options);
  }

  async processAll(ids) {
    const items = [];
    for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
      const body = { document_ids: ids.slice(start, start + IDS_AT_ONCE) };
      items.push(...(await this.#create("/documents/process", body)).items);
    }
    return items;
  }

  cancel(id) {
    return this.#post(`${documentPath(id)}/cancel`);
  }

  delete(id) {
    return this.#connection.json("DELETE", documentPath(id));
  }

  chunks(id, query = {}) {
    return this.#get(`${documentPath(id)}/chunks`, { query });
  }

  text(id, page) {
    return this.#get(`${documentPath(id)}/text`, { query: { page }, headers: { Accept: "text/plain" }, read: asText });
  }

  pages(id, query = {}) {
    return this.#get(`${documentPath(id)}/pages`, { query });
  }

  /** Rejects with `no_details` until an action `metadata` has ended, with `details_unreadable` where it has failed. */
  details(id) {
    return this.#get(`${documentPath(id)}/details`);
  }

  async content(id) {
    // Not by the redirect, which would take the API key and, for S3, the wrong origin along.
    const { url } = await this.#get(`${documentPath(id)}/content`, { query: { redirect: false } });
    return this.#connection.bytes(url);
  }

  search(request) {
    return this.#post("/search", { body: request, mayRepeat: true });
  }

  follow(id, onChange, options) {
    return new Following(this.#connection, documentPath(id), onChange, options).toTheEnd();
  }

  watch(ids, onChange, { signal, onGone, onError } = {}) {
    new Watching(this, ids, { onChange, onGone, onError }, signal).toTheEnd();
  }

  startJob(actions, { callback_url, idempotencyKey } = {}) {
    return this.#create("/jobs", { actions, callback_url }, idempotencyKey);
  }

  job(id, { wait, signal } = {}) {
    return this.#get(`${jobPath(id)}/status`, { query: { wait }, signal, seconds: ANSWER_SECONDS + (wait ?? 0) });
  }

  followJob(id, onChange, options) {
    return new Following(this.#connection, jobPath(id), onChange, options).toTheEnd();
  }

  startArtifact(request) {
    return this.#create("/artifacts", request);
  }

  async artifactUrl(jobId) {
    // The redirect of …/artifacts/{id}/download keeps its goal from scripts; this address of the same file tells it.
    return (await this.#get(`/download/${encodeURIComponent(jobId)}`, { prefix: "" })).url;
  }

  queueInfo() {
    return this.#get("/queue/info");
  }

  queueHealth() {
    return this.#get("/queue/health", { allowed: [503] }); // ill, which is an answer
  }

  workers() {
    return this.#get("/queue/workers");
  }

  queueJobs(query = {}) {
    return this.#get("/queue/jobs", { query });
  }

  queueJob(id) {
    return this.#get(queueJobPath(id));
  }

  retryJob(id) {
    return this.#post(`${queueJobPath(id)}/retry`);
  }

  cancelJob(id) {
    return this.#post(`${queueJobPath(id)}/cancel`);
  }

  deadLetters(query = {}) {
    return this.#get("/queue/dead-letters", { query });
  }

  replayDeadLetters(request = {}) {
    return this.#post("/queue/dead-letters/retry", { body: request });
  }

  pauseQueue(name) {
    return this.#post(`/queue/${encodeURIComponent(name)}/pause`, { mayRepeat: true });
  }

  resumeQueue(name) {
    return this.#post(`/queue/${encodeURIComponent(name)}/resume`, { mayRepeat: true });
  }

  throughput(query = {}) {
    return this.#get("/queue/throughput", { query });
  }

  deadLetterCauses() {
    return this.#get("/queue/dead-letters/causes");
  }

  startCleanup(task, request = {}) {
    return this.#create(`/cleanup/${encodeURIComponent(task)}`, request);
  }

  cleanup(jobId) {
    return this.#get(`/cleanup/${encodeURIComponent(jobId)}`);
  }

  startDoctor(request = {}) {
    return this.#create("/doctor", request);
  }

  doctor(jobId) {
    return this.#get(`/doctor/${encodeURIComponent(jobId)}`);
  }

  #get(path, options) {
    return this.#connection.json("GET", path, options);
  }

  #post(path, options) {
    return this.#connection.json("POST", path, options);
  }

  /** With an Idempotency-Key, so that it may be sent again and is done once. */
  #create(path, body, idempotencyKey = uuid()) {
    return this.#post(path, { body, idempotencyKey });
  }
}

// A file on its way ---------------------------------------------------------------------------------------------------

// Of one kind of trouble with the store, as many attempts in a row; then it is given up.
const MOST_TROUBLE = { away: Infinity, silent: 8, refused: 3, fault: 5 };
// What the server has forgotten, it has to be told anew.
const FORGOTTEN = ["upload_not_found", "upload_expired", "document_not_found"];
const FORGOTTEN_BY_STORE = "NoSuchUpload"; // in the words of S3
const NOT_STORED = ["upload_missing", "upload_mismatch"];
const UNDER_WAY = ["waiting", "sending", "offline"];
const TOLD_EVERY_MS = 100;
const ANNOUNCE_PATH = "/documents/upload/presigned";

export class Upload {
  #connection;
  #options;
  #saved;
  #hasBegun = false;
  #abort = new AbortController();
  #announcement = null; // the body of the first request: only the same one is known again by its key
  #isAnnouncing = false; // asked for, and not answered
  #announced = null;
  #keys = { announce: uuid(), process: uuid() };
  #isStored = false;
  #storedBytes = 0;
  #flyingBytes = new Map(); // by the number of the part
  #settle = {};
  #told = { at: 0, timer: null };

  documentId = null;
  state = "waiting";
  error = null;

  constructor(connection, file, options, saved = null) {
    this.#connection = connection;
    this.#options = options;
    this.file = file;
    this.filename = options.filename ?? saved?.filename ?? file.name ?? "upload";
    this.size = file.size;
    this.#saved = saved;
    this.#promise();
    // Not before the caller has this object.
    queueMicrotask(() => this.state === "waiting" && !this.#hasBegun && this.#run());
  }

  get sent() {
    let bytes = this.#storedBytes;
    for (const flying of this.#flyingBytes.values()) bytes += flying;
    return Math.min(bytes, this.size);
  }

  pause() {
    if (UNDER_WAY.includes(this.state)) this.#stop("paused");
  }

  resume() {
    if (this.state === "paused") this.#run();
  }

  retry() {
    if (this.state !== "failed") return;
    if (isForgotten(this.error)) this.#forget();
    if (NOT_STORED.includes(this.error.code)) this.#isStored = false;
    this.#keys.process = uuid();
    this.#promise();
    this.#run();
  }

  async cancel() {
    if (this.state === "cancelled") return;
    if (this.state === "processing") {
      await this.#connection.json("POST", `${documentPath(this.documentId)}/cancel`);
      this.#become("cancelled");
      return;
    }
    this.#stop("cancelled");
    this.#save(null);
    this.#settle.reject(aborted());
    await this.#clearAway();
  }

  async #run() {
    const { signal } = (this.#abort = new AbortController());
    this.#hasBegun = true;
    this.#become("waiting");
    try {
      const jobId = await this.#connection.files.through(() => this.#work(signal), signal);
      if (signal.aborted) return;
      this.#become("processing");
      this.#settle.resolve({ document_id: this.documentId, job_id: jobId });
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  async #work(signal) {
    if (signal.aborted) throw aborted();
    this.#become("sending");
    this.#announced ??= this.#saved ? this.#takenUp(this.#saved) : await this.#announce(signal);
    if (!this.#isStored) {
      await (this.#announced.upload.upload_id ? this.#sendParts(signal) : this.#sendWhole(signal));
      this.#isStored = true;
      this.#save(null);
    }
    if (this.#options.process === false) return null;
    const body = { password: this.#options.password };
    const path = `${documentPath(this.documentId)}/process`;
    return (await this.#ask("POST", path, { body, idempotencyKey: this.#keys.process, signal })).job_id;
  }

  async #announce(signal) {
    this.#announcement ??= await this.#describe();
    if (signal.aborted) throw aborted();
    this.#isAnnouncing = true;
    try {
      const announced = await this.#ask("POST", ANNOUNCE_PATH, { ...this.#announceRequest, signal });
      this.documentId = announced.document_id;
      if (announced.upload.upload_id) this.#save(announced);
      return announced;
    } finally {
      this.#isAnnouncing = signal.aborted;
    }
  }

  get #announceRequest() {
    return { body: this.#announcement, idempotencyKey: this.#keys.announce };
  }

  async #describe() {
    const { metadata, external_id, chunk_tokens, chunk_overlap, partsFrom = PARTS_FROM_BYTES } = this.#options;
    return {
      filename: this.filename,
      size_bytes: this.size,
      content_type: this.file.type || undefined,
      checksum_sha256: await checksum(this.file),
      metadata,
      external_id,
      chunk_tokens,
      chunk_overlap,
      multipart: this.size > partsFrom,
    };
  }

  #sendWhole(signal) {
    let isFirst = true;
    this.#storedBytes = 0;
    const sign = async () => {
      if (!isFirst) this.#announced = await this.#announce(signal); // the same document, signed anew
      isFirst = false;
      return this.#announced.upload;
    };
    return this.#send(1, this.file, sign, signal);
  }

  async #sendParts(signal) {
    try {
      let etags = await this.#sendMissing(await this.#arrived(signal), signal);
      // A store whose CORS rules do not expose the ETag tells it to the server alone.
      if ([...etags.values()].includes(null)) etags = await this.#arrived(signal);
      const parts = [...etags].map(([number, etag]) => ({ part_number: number, etag }));
      await this.#ask("POST", this.#uploadPath("/complete"), { ...this.#which, body: { parts }, signal });
    } catch (error) {
      if (error.code !== "upload_completed") throw error; // the answer to an earlier attempt was lost
    }
    this.#storedBytes = this.size;
  }

  /** Ask which parts the store has; return their ETags by number. */
  async #arrived(signal) {
    const { items } = await this.#ask("GET", this.#uploadPath("/parts"), { ...this.#which, signal });
    const whole = items.filter(({ part_number, size_bytes }) => size_bytes === this.#part(part_number).size);
    this.#storedBytes = whole.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
    this.#tell();
    return new Map(whole.map(({ part_number, etag }) => [part_number, etag]));
  }

  async #sendMissing(etags, signal) {
    const count = Math.max(1, Math.ceil(this.size / this.#announced.upload.part_size));
    const missing = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !etags.has(number));
    const others = new AbortController();
    const either = AbortSignal.any([signal, others.signal]);
    const sendSome = async () => {
      for (let number = missing.shift(); number; number = missing.shift()) {
        etags.set(number, await this.#sendPart(number, either));
      }
    };
    try {
      await Promise.all(Array.from({ length: this.#options.partsAtOnce ?? SENDS_AT_ONCE }, sendSome));
    } finally {
      others.abort();
    }
    return etags;
  }

  async #sendPart(number, signal) {
    const part = this.#part(number);
    const sign = () => this.#ask("GET", this.#uploadPath(`/parts/${number}`), { ...this.#which, signal });
    return this.#send(number, part, sign, signal);
  }

  /** Send bytes to where `sign` says, again and again unless that leads nowhere; return their ETag, if it is told. */
  async #send(number, bytes, sign, signal) {
    const trouble = {};
    for (;;) {
      const request = await sign();
      try {
        const etag = await this.#connection.sends.through(() => {
          const onProgress = (sent) => this.#progress(number, Math.min(sent, bytes.size));
          return put(this.#connection.reachable(request.url), request.headers, bytes, { signal, onProgress });
        }, signal);
        this.#flyingBytes.delete(number);
        this.#storedBytes += bytes.size;
        this.#tell();
        return etag;
      } catch (error) {
        const hasMoved = this.#flyingBytes.get(number) > 0;
        this.#flyingBytes.delete(number);
        await this.#endure(error, trouble, hasMoved, signal);
      }
    }
  }

  /** Count the trouble with the store, and wait a little; raise it where going on has become hopeless. */
  async #endure(error, trouble, hasMoved, signal) {
    if (!signal.aborted) await readable(this.file);
    const kind = troubleOf(error, hasMoved);
    trouble[kind] = (trouble[kind] ?? 0) + 1;
    if (!(trouble[kind] < MOST_TROUBLE[kind])) throw kind === "silent" ? storeSilent(error) : error;
    await this.#sitOut(error, trouble[kind], signal);
  }

  /** Ask the API for as long as it takes: it may be away, or the connection. */
  async #ask(method, path, options) {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#connection.json(method, path, { ...options, attempts: 1 });
        if (this.state === "offline") this.#become("sending");
        return answer;
      } catch (error) {
        if (!error.isPassing) throw error;
        await this.#sitOut(error, attempt, options.signal);
      }
    }
  }

  async #sitOut(error, attempt, signal) {
    if (signal.aborted) throw error;
    if (error.isPassing) this.#become("offline", error);
    await pause(delaySeconds(error, attempt), signal);
  }

  get #which() {
    return { query: { upload_id: this.#announced.upload.upload_id } };
  }

  #uploadPath(rest) {
    return `${documentPath(this.documentId)}/upload${rest}`;
  }

  #part(number) {
    const { part_size } = this.#announced.upload;
    return this.file.slice((number - 1) * part_size, Math.min(number * part_size, this.size));
  }

  #takenUp({ document_id, upload_id, part_size, size_bytes, last_modified }) {
    const isOther = last_modified !== null && (this.file.lastModified ?? last_modified) !== last_modified;
    if (this.size !== size_bytes || isOther) {
      throw new EsteiraError("file_changed", "This is not the file that was begun, or it was changed since.");
    }
    this.documentId = document_id;
    return { document_id, upload: { upload_id, part_size } };
  }

  #save(announced) {
    const saved = announced && {
      document_id: announced.document_id,
      upload_id: announced.upload.upload_id,
      part_size: announced.upload.part_size,
      filename: this.filename,
      size_bytes: this.size,
      last_modified: this.file.lastModified ?? null,
    };
    if (this.#announced?.upload.upload_id || announced) called(this.#options.onSaved, saved);
  }

  #forget() {
    this.#saved = this.#announced = this.#announcement = this.documentId = null;
    this.#keys.announce = uuid();
    this.#isStored = false;
    this.#storedBytes = 0;
  }

  /** Best effort: what stays on the server is taken away by its cleanup. */
  async #clearAway() {
    try {
      // The document may be there all the same: the same key gets the answer that did not come.
      if (this.#isAnnouncing) {
        this.documentId = (await this.#connection.json("POST", ANNOUNCE_PATH, this.#announceRequest)).document_id;
      }
      if (this.documentId === null) return;
      const path = documentPath(this.documentId);
      await this.#connection.json("DELETE", `${path}/upload`, { allowed: [404, 409] });
      // With an external id it may be the next version of a document, which has to stay.
      const { external_id } = await this.#connection.json("GET", path);
      if (external_id === null) await this.#connection.json("DELETE", path);
    } catch (error) {
      if (!(error instanceof EsteiraError)) throw error;
    }
  }

  #stop(state) {
    this.#abort.abort();
    this.#flyingBytes.clear();
    this.#become(state);
  }

  #fail(error) {
    this.#abort.abort();
    if (isForgotten(error)) this.#save(null);
    this.#become("failed", error);
    this.#settle.reject(error);
  }

  #promise() {
    this.done = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.done.catch(() => {}); // who looks at `state` alone need not ask for it
  }

  #progress(number, bytes) {
    this.#flyingBytes.set(number, bytes);
    if (this.state === "offline") this.#become("sending");
    this.#tell();
  }

  #become(state, error = null) {
    this.error = error;
    if (this.state === state) return;
    this.state = state;
    this.#tellNow();
  }

  #tell() {
    if (this.#told.timer !== null) return;
    const left = this.#told.at + TOLD_EVERY_MS - Date.now();
    if (left <= 0) this.#tellNow();
    else this.#told.timer = setTimeout(() => this.#tellNow(), left);
  }

  #tellNow() {
    clearTimeout(this.#told.timer);
    this.#told = { at: Date.now(), timer: null };
    called(this.#options.onChange, this);
  }
}

// Following -----------------------------------------------------------------------------------------------------------

const FIRST_EVENT_SECONDS = 10;
const SILENCE_SECONDS = 45; // the server says something every 15
const BARREN_STREAMS = 2;

/** Follows a document or a job by its events or, where something between keeps them back, by asking. */
class Following {
  #connection;
  #path;
  #onChange;
  #onError;
  #signal;
  #version = null;
  #etag = null;
  #final = null;
  #barrenStreams = 0;
  #isInTrouble = false;

  constructor(connection, path, onChange, { signal, onError } = {}) {
    this.#connection = connection;
    this.#path = path;
    this.#onChange = onChange;
    this.#onError = onError;
    this.#signal = signal;
  }

  async toTheEnd() {
    for (let attempt = 1; ; attempt++) {
      try {
        await (this.#barrenStreams < BARREN_STREAMS ? this.#listen() : this.#wait());
        attempt = 0;
      } catch (error) {
        if (!error.isPassing) throw error;
        this.#tellTrouble(error);
        await pause(delaySeconds(error, attempt), this.#signal);
      }
      if (this.#final) return this.#final;
    }
  }

  async #listen() {
    let isAlive = false;
    const silence = new Silence(this.#version === null ? FIRST_EVENT_SECONDS : SILENCE_SECONDS, this.#signal);
    try {
      const headers = { Accept: "text/event-stream", "Last-Event-ID": this.#version };
      const options = { headers, read: asEvents, signal: silence.signal, attempts: 1, seconds: null };
      const body = await this.#connection.json("GET", `${this.#path}/events`, options);
      if (body) {
        this.#tellTrouble(null);
        const onLife = () => {
          isAlive = true;
          silence.isOver();
        };
        for await (const event of events(body, onLife)) this.#take(event);
      }
    } catch (error) {
      if (this.#signal?.aborted) throw aborted(error);
      if (!silence.signal.aborted && !(error instanceof TypeError)) throw error;
    } finally {
      silence.end();
    }
    this.#barrenStreams = isAlive && this.#version !== null ? 0 : this.#barrenStreams + 1;
    // Servers end streams when they stop, and proxies when they find them too long.
    if (!this.#final) await pause(delaySeconds(null, 1), this.#signal);
  }

  #take({ name, id, data }) {
    if (name === "error") throw problemError(data);
    // The end repeats the last status; a pause and its end come under one id.
    if (name !== "end" || id !== this.#version) called(this.#onChange, data);
    this.#version = id;
    if (name === "end") this.#final = data;
  }

  async #wait() {
    const { status, headers, content } = await this.#connection.request("GET", `${this.#path}/status`, {
      query: { wait: WAIT_SECONDS },
      headers: { "If-None-Match": this.#etag },
      allowed: [304],
      signal: this.#signal,
      seconds: WAIT_SECONDS + ANSWER_SECONDS,
    });
    this.#tellTrouble(null);
    if (status === 304) return;
    this.#etag = headers.get("ETag");
    called(this.#onChange, content);
    if (FINAL.includes(content.status)) this.#final = content;
  }

  /** Tell what is waited out, and null once it is over. */
  #tellTrouble(error) {
    if (error || this.#isInTrouble) called(this.#onError, error);
    this.#isInTrouble = error !== null;
  }
}

const GLANCE_SECONDS = 1;
const QUIET_GLANCE_SECONDS = 5;
const QUIET_AFTER_GLANCES = 10;
const LEAST_IDS_AT_ONCE = 50;

/** Follows many documents with one request a glance. */
class Watching {
  #esteira;
  #ids;
  #tell;
  #signal;
  #idsAtOnce = IDS_AT_ONCE;
  #wanted = [];
  #etags = new Map();
  #shown = new Map();
  #turn = 0;
  #quietGlances = 0;
  #errors = 0;

  constructor(esteira, ids, tell, signal) {
    this.#esteira = esteira;
    this.#ids = ids;
    this.#tell = tell;
    this.#signal = signal;
  }

  async toTheEnd() {
    for (let sinceGlance = Infinity; !this.#signal?.aborted; sinceGlance += GLANCE_SECONDS) {
      if (this.#hasNewIds() || sinceGlance >= this.#restSeconds) {
        if (this.#wanted.length) await this.#glance();
        sinceGlance = 0;
      }
      await pause(GLANCE_SECONDS, this.#signal).catch(() => {});
    }
  }

  get #restSeconds() {
    if (this.#errors) return Math.min(LONGEST_PAUSE_SECONDS, 2 ** this.#errors);
    const isHidden = globalThis.document?.hidden ?? false;
    return isHidden || this.#quietGlances > QUIET_AFTER_GLANCES ? QUIET_GLANCE_SECONDS : GLANCE_SECONDS;
  }

  #hasNewIds() {
    const wanted = [...new Set(this.#ids())];
    if (wanted.join() === this.#wanted.join()) return false;
    const isLonger = wanted.some((id) => !this.#shown.has(id));
    this.#wanted = wanted;
    this.#etags.clear();
    const isWanted = new Set(wanted);
    this.#shown = new Map([...this.#shown].filter(([id]) => isWanted.has(id)));
    if (isLonger) this.#quietGlances = 0;
    return isLonger;
  }

  async #glance() {
    const slices = Math.ceil(this.#wanted.length / this.#idsAtOnce);
    const start = (this.#turn++ % slices) * this.#idsAtOnce;
    const ids = this.#wanted.slice(start, start + this.#idsAtOnce);
    try {
      const answer = await this.#esteira.statuses(ids, this.#etags.get(start), { signal: this.#signal });
      if (this.#errors) called(this.#tell.onError, null);
      this.#errors = 0;
      this.#quietGlances += 1 / slices;
      if (answer) {
        this.#etags.set(start, answer.etag);
        this.#show(answer.items);
        this.#miss(ids, answer.items);
      }
    } catch (error) {
      if (!this.#signal?.aborted) this.#stumble(error);
    }
  }

  #show(items) {
    const changed = items.filter((item) => this.#shown.get(item.document_id) !== JSON.stringify(item));
    for (const item of changed) this.#shown.set(item.document_id, JSON.stringify(item));
    if (!changed.length) return;
    this.#quietGlances = 0;
    called(this.#tell.onChange, changed);
  }

  #miss(ids, items) {
    const found = new Set(items.map((item) => item.document_id));
    const gone = ids.filter((id) => !found.has(id));
    if (gone.length) called(this.#tell.onGone, gone);
  }

  #stumble(error) {
    // Some proxies take no address as long as that of 500 ids.
    if ([400, 414, 431].includes(error.status) && this.#idsAtOnce > LEAST_IDS_AT_ONCE) {
      this.#idsAtOnce = LEAST_IDS_AT_ONCE;
      this.#etags.clear();
      return;
    }
    this.#errors++;
    called(this.#tell.onError, error);
  }
}

/** Yields server-sent events (HTML Living Standard §9.2), their data read as JSON; comments are signs of life too. */
async function* events(body, onLife) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let left = "";
  let event = {};
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      onLife();
      const lines = (left + decoder.decode(chunk.value, { stream: true })).split(/\r\n|\n|\r/);
      left = lines.pop();
      for (const line of lines) {
        if (line !== "") addField(event, line);
        else {
          if (event.data !== undefined) yield { name: event.event, id: event.id, data: understood(event.data) };
          event = {};
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function addField(event, line) {
  const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
  event[name] = name === "data" && event.data !== undefined ? `${event.data}\n${value}` : value;
}

/** Its signal is aborted when nobody has said for so long that it is over, or when `signal` is. */
class Silence {
  #abort = new AbortController();
  #timer;

  constructor(seconds, signal) {
    this.signal = signal ? AbortSignal.any([signal, this.#abort.signal]) : this.#abort.signal;
    this.#begin(seconds);
  }

  isOver() {
    this.#begin(SILENCE_SECONDS);
  }

  end() {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  #begin(seconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort.abort(), seconds * 1000);
  }
}

// Talking to the API --------------------------------------------------------------------------------------------------

// fetch drops what is blank at the end of a header; any other sign it garbles, or fails as if the server were away.
const SENDABLE_KEY = /^[\x20-\x7e]*[\t\r\n ]*$/;
const NOT_SENT = "The request cannot be sent: an API key has no accents, no typographic signs and no lines.";

class Connection {
  constructor({ url = globalThis.location?.origin, apiKey = null, sendsAtOnce = SENDS_AT_ONCE } = {}) {
    if (!url) throw new TypeError("Outside of a page, say where the server is: new Esteira({ url })");
    this.url = url.replace(/\/+$/, "");
    this.apiKey = apiKey;
    this.files = new Slots(sendsAtOnce);
    this.sends = new Slots(sendsAtOnce);
  }

  async json(method, path, options) {
    return (await this.request(method, path, options)).content;
  }

  /** Send a request, again where that does no harm and may help. Throws EsteiraError. */
  async request(method, path, { attempts = ATTEMPTS, mayRepeat, ...options } = {}) {
    const isRepeatable = mayRepeat ?? (method === "GET" || options.idempotencyKey !== undefined);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(method, path, options);
      } catch (error) {
        const isWorthIt = error.isPassing && !(error.retryAfterSeconds > LONGEST_PAUSE_SECONDS);
        if (!isRepeatable || !isWorthIt || attempt >= attempts) throw error;
        await pause(delaySeconds(error, attempt), options.signal);
      }
    }
  }

  async bytes(url) {
    const answer = await fetch(this.reachable(url)).catch((cause) => {
      throw new EsteiraError("unreachable", "The object store does not answer.", { cause });
    });
    if (!answer.ok) throw await refusal(answer);
    return answer.blob();
  }

  /** Say how a URL of the store is reached: what calls itself 127.0.0.1 may have been called localhost here. */
  reachable(url) {
    const [store, api] = [new URL(url), new URL(this.url)];
    const isOwn = isLoopback(store.hostname) && store.port === api.port && store.pathname.startsWith("/store/");
    return isOwn ? `${api.origin}${store.pathname}${store.search}` : url;
  }

  async #once(method, path, options) {
    const {
      prefix = "/api/v1",
      query = {},
      body,
      signal,
      allowed = [],
      read = asJson,
      seconds = ANSWER_SECONDS,
    } = options;
    const signals = [signal, seconds && AbortSignal.timeout(seconds * 1000)].filter(Boolean);
    try {
      const answer = await fetch(`${this.url}${prefix}${path}${queryString(query)}`, {
        method,
        headers: this.#headers(options),
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.any(signals),
        cache: "no-store",
      });
      if (!answer.ok && !allowed.includes(answer.status)) throw await refusal(answer);
      return { status: answer.status, headers: answer.headers, content: await read(answer) };
    } catch (error) {
      if (error instanceof EsteiraError) throw error;
      if (signal?.aborted) throw aborted(error);
      throw new EsteiraError("unreachable", "The server does not answer.", { cause: error });
    }
  }

  #headers({ headers = {}, body, idempotencyKey }) {
    if (this.apiKey && !SENDABLE_KEY.test(this.apiKey)) throw new EsteiraError("not_sent", NOT_SENT);
    const all = {
      Accept: "application/json",
      "Content-Type": body === undefined ? null : "application/json",
      "Idempotency-Key": idempotencyKey,
      Authorization: this.apiKey && `Bearer ${this.apiKey}`,
      ...headers,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
  }
}

/** So many at once; the others wait, the first first. */
class Slots {
  #free;
  #waiting = [];

  constructor(count) {
    this.#free = count;
  }

  async through(work, signal) {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal) {
    if (signal.aborted) throw aborted();
    if (this.#free > 0) this.#free--;
    else {
      await new Promise((resolve, reject) => {
        const enter = () => {
          signal.removeEventListener("abort", leave);
          resolve();
        };
        const leave = () => {
          this.#waiting = this.#waiting.filter((other) => other !== enter);
          reject(aborted());
        };
        this.#waiting.push(enter);
        signal.addEventListener("abort", leave, { once: true });
      });
    }
  }

  #leave() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

const asText = (answer) => answer.text();

/** Null for what is no event stream, such as the page of a proxy, which could go on for ever. */
async function asEvents(answer) {
  return answer.headers.get("Content-Type")?.startsWith("text/event-stream") ? answer.body : null;
}

async function asJson(answer) {
  const text = await answer.text();
  return text === "" ? null : understood(text, answer);
}

function understood(text, answer = null) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const host = answer ? new URL(answer.url).host : "The server";
    const detail = `${host} answers, but not as Esteira does: see if the address is right.`;
    throw new EsteiraError("unexpected_answer", detail, { status: answer?.status, cause });
  }
}

async function refusal(answer) {
  const { status } = answer;
  const retryAfterSeconds = secondsOf(answer.headers.get("Retry-After"));
  const problem = parsed(await answer.text());
  if (problem?.code) return problemError({ ...problem, status }, retryAfterSeconds);
  if (PASSING_STATUSES.includes(status)) {
    return new EsteiraError("unreachable", `The server is away: ${status} is answered in its place.`, {
      status,
      retryAfterSeconds,
    });
  }
  return new EsteiraError("unexpected_answer", `The request was answered with ${status}, and not by Esteira.`, {
    status,
  });
}

function problemError({ code, detail, title, status, errors }, retryAfterSeconds = null) {
  return new EsteiraError(code, detail ?? title, { status, errors, retryAfterSeconds });
}

function aborted(cause) {
  return new EsteiraError("aborted", "This was given up.", { cause });
}

// Sending bytes to the store ------------------------------------------------------------------------------------------

/** PUT bytes with exactly these headers, and never the API key. Returns the ETag, null where it is not told. */
function put(url, headers, bytes, { signal, onProgress }) {
  return globalThis.XMLHttpRequest
    ? putByXhr(url, headers, bytes, { signal, onProgress })
    : putByFetch(url, headers, bytes, { signal, onProgress });
}

/** fetch cannot tell how much it has sent. */
function putByXhr(url, headers, bytes, { signal, onProgress }) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) throw aborted();
    const xhr = new XMLHttpRequest();
    const stop = () => xhr.abort();
    let stalled = setTimeout(stop, STALLED_SECONDS * 1000);
    xhr.upload.onprogress = ({ loaded }) => {
      clearTimeout(stalled);
      stalled = setTimeout(stop, STALLED_SECONDS * 1000);
      onProgress(loaded);
    };
    xhr.onloadend = () => {
      clearTimeout(stalled);
      signal.removeEventListener("abort", stop);
      if (xhr.status >= 200 && xhr.status < 300) resolve(headerOf(xhr, "ETag"));
      else
        reject(signal.aborted ? aborted() : storeRefusal(xhr.status, xhr.responseText, headerOf(xhr, "Retry-After")));
    };
    signal.addEventListener("abort", stop);
    xhr.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.send(bytes);
  });
}

/** The console complains where a header is asked for that a store of another origin does not expose. */
function headerOf(xhr, name) {
  const lines = xhr.getAllResponseHeaders().split("\r\n");
  const start = `${name.toLowerCase()}: `;
  return lines.find((line) => line.toLowerCase().startsWith(start))?.slice(start.length) ?? null;
}

async function putByFetch(url, headers, bytes, { signal, onProgress }) {
  try {
    const answer = await fetch(url, { method: "PUT", headers, body: bytes, signal });
    if (!answer.ok) throw storeRefusal(answer.status, await answer.text(), answer.headers.get("Retry-After"));
    onProgress(bytes.size);
    return answer.headers.get("ETag");
  } catch (error) {
    if (error instanceof EsteiraError) throw error;
    throw signal.aborted ? aborted(error) : storeRefusal(0, "", null);
  }
}

function storeRefusal(status, text, retryAfter) {
  if (status === 0) return new EsteiraError("unreachable", "The object store does not answer.");
  const problem = parsed(text);
  const retryAfterSeconds = secondsOf(retryAfter);
  if (problem?.code) return problemError({ ...problem, status }, retryAfterSeconds);
  const [code, message] = ["Code", "Message"].map((name) => new RegExp(`<${name}>([^<]*)<`).exec(text)?.[1]);
  const why = message ?? `status ${status}`;
  const error = new EsteiraError("upload_refused", `The object store refuses the bytes: ${why}`, {
    status,
    retryAfterSeconds,
  });
  error.storeCode = code ?? null;
  return error;
}

function isForgotten({ code, storeCode }) {
  return FORGOTTEN.includes(code) || storeCode === FORGOTTEN_BY_STORE;
}

/** Tell what to think of an attempt that failed: MOST_TROUBLE says how much of it is borne. */
function troubleOf({ code, status, storeCode }, hasMoved) {
  if (code === "unreachable" && status === null) return hasMoved || isOffline() ? "away" : "silent";
  if (PASSING_STATUSES.includes(status)) return "away";
  if (status === 408 || status === 500 || storeCode === "RequestTimeout") return "fault";
  return (status === 401 || status === 403) && code !== "upload_mismatch" ? "refused" : "hopeless";
}

function storeSilent(cause) {
  const detail =
    "The object store does not answer, though the server does. If it is a store of its own, its CORS rules must " +
    "allow this page's origin: `esteira storage setup` sets them.";
  return new EsteiraError("unreachable", detail, { cause });
}

async function checksum(file) {
  if (file.size > CHECKSUM_UP_TO_BYTES || !globalThis.crypto?.subtle) return undefined;
  const digest = await crypto.subtle.digest("SHA-256", await contentOf(file));
  return Array.from(new Uint8Array(digest), hex).join("");
}

/** A file that was changed or moved fails like a connection does: look whether it is still there. */
async function readable(file) {
  await contentOf(file.slice(0, 1));
}

async function contentOf(blob) {
  try {
    return await blob.arrayBuffer();
  } catch (cause) {
    throw new EsteiraError("file_changed", "The file was changed or moved since it was chosen: choose it again.", {
      cause,
    });
  }
}

// Odds and ends -------------------------------------------------------------------------------------------------------

/** With jitter, or all clients of a server that was away would come back in the same moment. */
function delaySeconds(error, attempt) {
  const least = error?.retryAfterSeconds ?? Math.min(LONGEST_PAUSE_SECONDS, 2 ** (attempt - 2));
  return least * (1 + Math.random() / 2);
}

/** Wait, but not longer than until the connection is back. */
function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", end);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(aborted());
      else resolve();
    };
    const timer = setTimeout(end, seconds * 1000);
    globalThis.addEventListener?.("online", end);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
}

function isOffline() {
  return globalThis.navigator?.onLine === false;
}

/** What a caller's function throws is the caller's; it stops nothing here. */
function called(callback, value) {
  try {
    callback?.(value);
  } catch (error) {
    if (globalThis.reportError) reportError(error);
    else console.error(error);
  }
}

function queryString(query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function secondsOf(retryAfter) {
  if (retryAfter === null) return null;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

function isLoopback(hostname) {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127\./.test(hostname);
}

/** crypto.randomUUID is missing on pages that came by plain HTTP. */
function uuid() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), hex).join("");
}

function hex(byte) {
  return byte.toString(16).padStart(2, "0");
}

const documentPath = (id) => `/documents/${encodeURIComponent(id)}`;
const jobPath = (id) => `/jobs/${encodeURIComponent(id)}`;
const queueJobPath = (id) => `/queue/jobs/${encodeURIComponent(id)}`;
