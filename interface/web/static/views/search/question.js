// The question as the address has it, and as the server is asked.
export const MODES = ["hybrid", "semantic", "keyword"];
export const LIMITS = [10, 20, 50, 100];

/** Return the question that stands in the query of the address. */
export function questionOf(query) {
  const limit = Number(query.get("limit"));
  return {
    q: query.get("q") ?? "",
    mode: MODES.includes(query.get("mode")) ? query.get("mode") : MODES[0],
    limit: LIMITS.includes(limit) ? limit : LIMITS[0],
    document: query.get("document"),
    metadata: query.get("metadata") ?? "",
  };
}

/** Return the query of the address for a question, without what goes without saying. */
export function queryOf({ mode, limit, ...rest }) {
  return { ...rest, mode: mode === MODES[0] ? null : mode, limit: limit === LIMITS[0] ? null : limit };
}

/** Return the request for the server. */
export function requestOf({ q, mode, limit, document, metadata }) {
  const conditions = conditionsOf(metadata);
  return {
    query: q,
    mode,
    limit,
    ...(document ? { document_ids: [document] } : {}),
    ...(Object.keys(conditions).length ? { metadata: conditions } : {}),
  };
}

/** Read `shelf = main road; year = 2024`: what looks like a number, true, false or null is one, unless it is in quotes. */
export function conditionsOf(written) {
  const pairs = written.split(";").map((pair) => pair.match(/^\s*([^=]+?)\s*=\s*(.*?)\s*$/)).filter(Boolean);
  return Object.fromEntries(pairs.map(([, name, value]) => [name, scalarOf(value)]));
}

/** Tell whether there are words between semicolons that are no condition. */
export function hasUnreadConditions(written) {
  return written.split(";").some((pair) => pair.trim() && !/^\s*[^=]+=/.test(pair));
}

function scalarOf(written) {
  if (!/^(".*"|-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false|null)$/.test(written)) return written;
  try {
    return JSON.parse(written);
  } catch {
    return written;
  }
}
