// How a document stands, in words.

/** Say what it is: size, age, pages and passages. */
export function details(row, status, say, formats) {
  const isDone = status?.status === "completed";
  return [
    formats.bytes(row.size_bytes),
    formats.ago(row.created_at),
    isDone && status.pages.total ? say.pages(status.pages.total, null) : null,
    isDone && status.chunks.total ? say.passages(status.chunks.total, null) : null,
  ].filter(Boolean).join(" · ");
}

/** Say how far it is. */
export function progressLine(status, say, formats) {
  if (status?.status === "pending") return waiting(status, say, formats);
  if (status?.status !== "processing") return "";
  const { stage, pages, chunks, eta_seconds, attempt, max_attempts, message } = status;
  if (message in say.messages) return say.messages[message];
  return [
    stage ? say.stage[stage] : null,
    stage === "extracting" && pages.done ? say.pages(pages.done, pages.total) : null,
    stage === "embedding" ? say.passages(chunks.done, chunks.total) : null,
    eta_seconds ? say.left(formats.duration(eta_seconds)) : null,
    attempt > 1 ? say.attempt(attempt, max_attempts) : null,
  ].filter(Boolean).join(" · ");
}

function waiting({ message, queue_position, eta_seconds, attempt, max_attempts, error }, say, formats) {
  if (message in say.messages) return say.messages[message];
  return [
    queue_position ? say.place(formats.number(queue_position)) : null,
    eta_seconds ? say.left(formats.duration(eta_seconds)) : null,
    error ? say.attempt(attempt, max_attempts) : null,
  ].filter(Boolean).join(" · ");
}

export function failure({ code, message }, say) {
  return say.failures[code] ?? message;
}

/** Say what was left out, in short: the document's own view tells all. */
export function warningLine(status, say) {
  if (!status) return "";
  const { warnings, pages } = status;
  const unreadable = pages.unreadable.length ? say.unreadable(pages.unreadable.length) : null;
  const more = warnings.length > 1 ? say.moreWarnings(warnings.length - 1) : null;
  return [unreadable, warnings[0], more].filter(Boolean).join(" · ");
}
