// Keeps the list of documents live for as long as the view is shown.
import { useEffect, useMemo, useReducer, useRef } from "../../vendor/preact.js";
import { useEvery } from "../../lib/asking.js";
import { client } from "../../lib/client.js";
import { tellKeyIsMissing } from "../../lib/key_watch.js";
import { uploads } from "../../lib/uploads.js";
import { DocumentList } from "./document_list.js";

const LOOK_SECONDS = 4;

/** Return the list for a filter; until its first answer is there, the one before goes on to be shown. */
export function useDocuments(status, name_contains) {
  const [, redraw] = useReducer((count) => count + 1, 0);
  const statuses = useRef(new Map()).current;
  const list = useMemo(() => new DocumentList({ status, name_contains }, statuses, redraw), [status, name_contains]);
  const shown = useRef(list);
  if (list.rows || list.error || !shown.current.rows) shown.current = list;
  useEffect(() => { list.more(); }, [list]);
  useEffect(() => tellKeyIsMissing(list.error), [list.error]);
  useEvery(LOOK_SECONDS, () => list.newer());
  useWatch(list);
  return { list: shown.current, isAsking: list.isAsking };
}

/** Follow what is shown, and all that this tab has sent, by one request a second: what it has no room for takes turns. */
function useWatch(list) {
  const newest = useRef(list);
  newest.current = list;
  useEffect(() => {
    const stop = new AbortController();
    const take = (statuses) => {
      newest.current.take(statuses);
      uploads.note(statuses);
    };
    const onGone = (ids) => {
      newest.current.remove(ids);
      uploads.miss(ids);
    };
    client.watch(() => followed(newest.current), take, { signal: stop.signal, onGone, onError: tellKeyIsMissing });
    return () => stop.abort();
  }, []);
}

function followed(list) {
  const sent = uploads.items.filter((item) => item.upload.state === "processing" && !item.outcome);
  return [...new Set([...list.followed, ...sent.map((item) => item.documentId)])];
}
