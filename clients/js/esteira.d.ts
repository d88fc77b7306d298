// What esteira.js offers. Objects are as the HTTP interface has them: snake_case, described with every field at /docs.

/** A problem (RFC 9457) that the server told (docs/errors.md lists the codes), or one of the client's own:
 * "unreachable", "aborted", "not_sent", "upload_refused", "unexpected_answer", "file_changed". */
export class EsteiraError extends Error {
  readonly code: string;
  readonly status: number | null;
  /** A sentence that a person can act on. */
  readonly detail: string;
  readonly errors: { pointer: string; detail: string }[];
  readonly retryAfterSeconds: number | null;
  /** The same request may well succeed a while later: the server is away, or is asked too much. */
  readonly isPassing: boolean;
}

export interface FollowOptions {
  signal?: AbortSignal;
  /** Told each error that is waited out, and null once that is over. */
  onError?: (error: EsteiraError | null) => void;
}

export interface ClientOptions {
  /** Where the server is; in a page, the page's own origin. */
  url?: string;
  apiKey?: string | null;
  /** Files, and requests with bytes, at once; the others wait. 3. */
  sendsAtOnce?: number;
}

export class Esteira {
  constructor(options?: ClientOptions);
  /** May be set later. */
  apiKey: string | null;

  /** Presign, send (above `partsFrom` bytes in parts), process. Returns at once; the work goes on by itself. */
  upload(file: File | Blob, options?: UploadOptions): Upload;
  /** After a reload: with the same file, only what is missing is sent. */
  resumeUpload(file: File | Blob, saved: SavedUpload, options?: UploadOptions): Upload;

  documents(query?: DocumentQuery): Promise<Page<DocumentObject>>;
  document(id: string): Promise<DocumentObject>;
  /** With `wait` (1 to 25 seconds) the answer is held until something changes. */
  status(id: string, options?: { wait?: number; signal?: AbortSignal }): Promise<StatusObject>;
  /** Up to 500. Null: nothing has changed since `etag`. */
  statuses(
    ids: string[],
    etag?: string | null,
    options?: { signal?: AbortSignal },
  ): Promise<{ items: StatusObject[]; etag: string } | null>;
  process(id: string, options?: { password?: string; callback_url?: string }): Promise<Started>;
  processAll(ids: string[]): Promise<(Started | Problem)[]>;
  cancel(id: string): Promise<StatusObject>;
  delete(id: string): Promise<DeletionReceipt>;
  chunks(id: string, query?: PageQuery & { page?: number }): Promise<Page<Chunk>>;
  text(id: string, page?: number): Promise<string>;
  /** Numbers, sizes and picture URLs. */
  pages(id: string, query?: PageQuery & { first_page?: number }): Promise<Page<DocumentPage>>;
  /** Rejects with `no_details` until an action `metadata` has ended, with `details_unreadable` where it has failed. */
  details(id: string): Promise<DocumentDetails>;
  /** The original bytes. */
  content(id: string): Promise<Blob>;
  search(request: SearchRequest): Promise<{ results: SearchResult[]; took_ms: number }>;

  /** Calls `onChange` with each new status until it is final, through interruptions. Rejects when the signal aborts. */
  follow(id: string, onChange?: (status: StatusObject) => void, options?: FollowOptions): Promise<StatusObject>;
  /** Asks once a second, and less often while nothing moves or the page is hidden. `ids` is called each time.
   * `onGone` is told which of them are on the server no longer, each time they were asked for. */
  watch(
    ids: () => string[],
    onChange: (changed: StatusObject[]) => void,
    options?: FollowOptions & { onGone?: (ids: string[]) => void },
  ): void;

  startJob(
    actions: { type: string; params?: object }[],
    options?: { callback_url?: string; idempotencyKey?: string },
  ): Promise<JobStarted>;
  job(id: string, options?: { wait?: number; signal?: AbortSignal }): Promise<JobObject>;
  followJob(id: string, onChange?: (job: JobObject) => void, options?: FollowOptions): Promise<JobObject>;
  startArtifact(request: {
    kind: "xlsx" | "pdf";
    report: "inventory" | "ingestion" | "search";
    params?: object;
  }): Promise<ArtifactStarted>;
  /** A URL that is good for a short time. Rejects with `not_ready`, or `artifact_expired` when it is gone. */
  artifactUrl(jobId: string): Promise<string>;

  queueInfo(): Promise<QueueInfo>;
  queueHealth(): Promise<QueueHealth>;
  workers(): Promise<Page<Worker>>;
  queueJobs(query?: QueueJobQuery): Promise<Page<QueueJob>>;
  queueJob(id: string): Promise<QueueJobDetail>;
  retryJob(id: string): Promise<JobReference>;
  cancelJob(id: string): Promise<JobReference>;
  deadLetters(query?: PageQuery & { code?: string }): Promise<Page<DeadLetter>>;
  /** 500 at most; while `remaining` is not 0, send it again with the `failed_before` of the answer. */
  replayDeadLetters(request?: {
    code?: string;
    failed_before?: string;
  }): Promise<{ retried: number; remaining: number; failed_before: string }>;
  pauseQueue(name: string): Promise<SwitchedQueue>;
  resumeQueue(name: string): Promise<SwitchedQueue>;
  /** What ended in each of the last 24 hours; in all queues if none is named. */
  throughput(query?: { queue?: string }): Promise<{ hours: { hour: string; completed: number; failed: number }[] }>;
  deadLetterCauses(): Promise<{ causes: { code: string; count: number }[] }>;

  // Upkeep: the receipt or the findings stand in `result` once it is completed.
  startCleanup(task: CleanupTask, request?: { dry_run?: boolean; force?: boolean }): Promise<TaskStarted>;
  cleanup(jobId: string): Promise<Task>;
  startDoctor(request?: { fix?: boolean }): Promise<TaskStarted>;
  doctor(jobId: string): Promise<Task>;
}

export interface UploadOptions {
  filename?: string;
  metadata?: Record<string, string | number | boolean | null>;
  external_id?: string;
  chunk_tokens?: number;
  chunk_overlap?: number;
  password?: string;
  /** Ask for processing as soon as the bytes are there. True. */
  process?: boolean;
  /** Larger files are sent in parts. 64 MiB. */
  partsFrom?: number;
  /** 3, and never more than `sendsAtOnce` of the client. */
  partsAtOnce?: number;
  /** At each change of state, and some ten times a second while bytes are sent. */
  onChange?: (upload: Upload) => void;
  /** What `resumeUpload` wants, for uploads in parts; null once it is not needed any more. */
  onSaved?: (saved: SavedUpload | null) => void;
}

/** JSON, to be kept over a reload, such as in localStorage. */
export interface SavedUpload {
  document_id: string;
  upload_id: string;
  part_size: number;
  filename: string;
  size_bytes: number;
  last_modified: number | null;
}

/** "offline": the server or the store is away, which `error` tells; it goes on by itself. "processing": handed over. */
export type UploadState = "waiting" | "sending" | "paused" | "offline" | "processing" | "failed" | "cancelled";

export class Upload {
  private constructor();
  readonly file: File | Blob;
  readonly filename: string;
  readonly size: number;
  readonly documentId: string | null;
  readonly state: UploadState;
  /** Bytes that the store has or is being sent. */
  readonly sent: number;
  readonly error: EsteiraError | null;
  /** Rejects with an EsteiraError when it has failed or was cancelled; `retry` makes a new one. */
  readonly done: Promise<{ document_id: string; job_id: string | null }>;
  pause(): void;
  resume(): void;
  /** Gives up the upload, or the processing when that has begun. */
  cancel(): Promise<void>;
  /** After a failure. */
  retry(): void;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface PageQuery {
  limit?: number;
  cursor?: string;
}

export interface DocumentQuery extends PageQuery {
  status?: string;
  filename?: string;
  external_id?: string;
  checksum_sha256?: string;
  parent_document_id?: string;
  import_job?: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: { pointer: string; detail: string }[];
}

/** The statuses after which nothing happens by itself. */
export const FINAL: readonly DocumentStatus[];
export type DocumentStatus = "awaiting_upload" | "pending" | "processing" | "completed" | "failed" | "cancelled";
export type WorkStatus = "pending" | "processing" | "completed" | "failed" | "cancelled";

export interface DocumentObject {
  document_id: string;
  job_id: string | null;
  parent_document_id: string | null;
  filename: string;
  content_type: string;
  size_bytes: number;
  checksum_sha256: string | null;
  external_id: string | null;
  metadata: Record<string, string | number | boolean | null>;
  chunk_tokens: number;
  chunk_overlap: number;
  version: number;
  duplicate_of: string | null;
  language: string | null;
  status: DocumentStatus;
  created_at: string;
  links: { self: string; status: string; chunks: string; text: string; content: string };
}

export interface Failure {
  code: string;
  message: string;
  retryable: boolean;
}

export interface StatusObject {
  document_id: string;
  job_id: string | null;
  version: number | null;
  status: DocumentStatus;
  stage: string | null;
  progress: number;
  message: string;
  queue_position: number | null;
  eta_seconds: number | null;
  attempt: number;
  max_attempts: number;
  pages: { done: number; total: number | null; unreadable: { page: number; code: string }[] };
  chunks: { done: number; total: number | null; reused: number };
  stages: { name: string; started_at: string; completed_at: string | null }[];
  warnings: string[];
  duplicate_of: string | null;
  error: Failure | null;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
}

export interface Started {
  job_id: string;
  document_id: string;
  status: "pending";
  status_url: string;
}

export interface DeletionReceipt {
  document_id: string;
  deleted: { chunks: number; embeddings: number; objects: number; jobs_cancelled: number };
}

/** Offsets count Unicode characters of the whole text, not the UTF-16 units of JavaScript's strings. */
export interface Chunk {
  chunk_id: string;
  position: number;
  text: string;
  page_start: number | null;
  page_end: number | null;
  char_start: number;
  char_end: number;
  token_count: number;
  headings: string[];
}

export interface DocumentPage {
  page: number;
  char_start: number;
  char_end: number;
  width: number | null;
  height: number | null;
  pictures: { list: PagePicture; reading: PagePicture } | null;
  /** Why there are none, though an action `preview` has tried to make them. */
  picture_error: Failure | null;
}

/** A URL that is good for some minutes, and the picture's size in pixels. */
export interface PagePicture {
  url: string;
  width: number;
  height: number;
}

export interface DocumentDetails {
  document_id: string;
  version: number;
  title: string | null;
  author: string | null;
  language: string | null;
  created_at: string | null;
  modified_at: string | null;
  outline: { title: string; level: number; page: number | null }[];
}

export interface SearchRequest {
  query: string;
  limit?: number;
  mode?: "hybrid" | "semantic" | "keyword";
  document_ids?: string[] | null;
  metadata?: Record<string, string | number | boolean | null>;
  neighbours?: number;
  group_by?: "page" | "document" | null;
}

export interface SearchResult {
  document_id: string;
  filename: string;
  external_id: string | null;
  metadata: Record<string, string | number | boolean | null>;
  chunk_id: string;
  text: string;
  score: number;
  page_start: number | null;
  page_end: number | null;
  char_start: number;
  char_end: number;
  headings: string[];
  /** In Unicode characters of `text`. */
  highlights: { start: number; end: number }[];
}

export interface JobStarted {
  job_id: string;
  status: "pending";
  status_url: string;
  actions: { action_id: string; type: string; status: "pending" }[];
}

export interface JobObject {
  job_id: string;
  status: WorkStatus;
  progress: number;
  message: string;
  actions: {
    action_id: string;
    type: string;
    status: WorkStatus;
    progress: number;
    message: string;
    attempt: number;
    result: Record<string, unknown> | null;
    error: Failure | null;
    started_at: string | null;
    completed_at: string | null;
  }[];
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
}

export interface ArtifactStarted {
  job_id: string;
  status: "pending";
  status_url: string;
  download_url: string;
}

export interface QueueInfo {
  queues: Record<
    string,
    {
      queued: number;
      started: number;
      finished: number;
      failed: number;
      cancelled: number;
      scheduled: number;
      oldest_pending_seconds: number | null;
      workers: number;
      paused: boolean;
      paused_at: string | null;
      rq: Record<"queued" | "started" | "finished" | "failed" | "scheduled" | "deferred" | "workers", number> | null;
    }
  >;
  failure_rate_24h: number | null;
  redis: { used_memory_bytes: number | null; connected_clients: number | null };
}

export interface QueueHealth {
  healthy: boolean;
  parts: Record<string, { healthy: boolean; code: string | null; detail: string | null }>;
  queues: Record<string, { healthy: boolean; condition: string; detail: string | null }>;
}

export interface Worker {
  name: string;
  queue: string;
  host: string;
  pid: number;
  alive: boolean;
  started_at: string;
  seen_at: string;
  running: {
    job_id: string;
    action_id: string;
    type: string;
    document_id: string | null;
    filename: string | null;
    attempt: number;
    progress: number;
    since: string;
  } | null;
}

export interface JobReference {
  job_id: string;
  document_id: string | null;
  status: WorkStatus;
  status_url: string | null;
}

export interface QueueJobQuery extends PageQuery {
  status?: WorkStatus;
  queue?: string;
  document_id?: string;
}

export interface QueueAction {
  action_id: string;
  type: string;
  queue: string;
  status: WorkStatus;
  progress: number;
  attempt: number;
  max_attempts: number;
  crashes: number;
  worker: string | null;
  cancel_requested: boolean;
  error: Failure | null;
  due_at: string;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
}

export interface QueueJob extends JobReference {
  filename: string | null;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  actions: QueueAction[];
}

export interface QueueJobDetail extends QueueJob {
  actions: (QueueAction & {
    result: Record<string, unknown> | null;
    timeline: {
      stage: string;
      attempt: number;
      worker: string | null;
      started_at: string;
      ended_at: string | null;
      milliseconds: number;
      error_code: string | null;
      error_message: string | null;
    }[];
  })[];
}

export type CleanupTask = "expired" | "orphans" | "s3" | "jobs" | "daily";

export interface TaskStarted {
  job_id: string;
  status: "pending";
  status_url: string;
}

export interface Task {
  job_id: string;
  status: WorkStatus;
  status_url: string;
  progress: number;
  message: string;
  params: Record<string, unknown>;
  result: Record<string, unknown> | null;
  error: Failure | null;
  workers: number;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
}

export interface DeadLetter {
  job_id: string;
  action_id: string;
  type: string;
  queue: string;
  document_id: string | null;
  filename: string | null;
  attempt: number;
  max_attempts: number;
  crashes: number;
  error: Failure | null;
  created_at: string;
  failed_at: string | null;
  history: {
    at: string;
    status: WorkStatus;
    attempt: number;
    worker: string | null;
    error_code: string | null;
    error_message: string | null;
  }[];
}

export interface SwitchedQueue {
  queue: string;
  paused: boolean;
  paused_at: string | null;
}
