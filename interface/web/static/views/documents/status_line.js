// How a document stands, in words. `texts` are `{ say, processing, formats }` in the language that is shown.
/** Say what it is: size, age, pages and passages. */
export function details(row, status, { say, formats }) {
  const isDone = status?.status === "completed";
  return [
    formats.bytes(row.size_bytes),
    formats.ago(row.created_at),
    isDone && status.pages.total ? say.pages(status.pages.total, null) : null,
    isDone && status.chunks.total ? say.passages(status.chunks.total, null) : null,
  ].filter(Boolean).join(" · ");
}

/** Say how far it is. */
export function progressLine(status, texts) {
  if (status?.status === "pending") return waiting(status, texts);
  if (status?.status !== "processing") return "";
  const { say, processing, formats } = texts;
  const { stage, pages, chunks, eta_seconds, attempt, max_attempts, message } = status;
  if (message in processing.messages) return processing.messages[message];
  return [
    stage ? processing.stages[stage] : null,
    stage === "extracting" && pages.done ? say.pages(pages.done, pages.total) : null,
    stage === "embedding" ? say.passages(chunks.done, chunks.total) : null,
    eta_seconds ? processing.left(formats.duration(eta_seconds)) : null,
    attempt > 1 ? processing.attempt(attempt, max_attempts) : null,
  ].filter(Boolean).join(" · ");
}

function waiting({ message, queue_position, eta_seconds, attempt, max_attempts, error }, { processing, formats }) {
  if (message in processing.messages) return processing.messages[message];
  return [
    queue_position ? processing.place(formats.number(queue_position)) : null,
    eta_seconds ? processing.left(formats.duration(eta_seconds)) : null,
    error ? processing.attempt(attempt, max_attempts) : null,
  ].filter(Boolean).join(" · ");
}

/** Say what was left out, in short: the document's own view tells all. */
export function warningLine(status, say) {
  if (!status) return "";
  const { warnings, pages } = status;
  const unreadable = pages.unreadable.length ? say.unreadable(pages.unreadable.length) : null;
  const more = warnings.length > 1 ? say.moreWarnings(warnings.length - 1) : null;
  return [unreadable, warnings[0], more].filter(Boolean).join(" · ");
}
