// A document as it is, followed for as long as it moves.
import { useCallback, useEffect, useState } from "../../vendor/preact.js";
import { useAnswer } from "../../lib/asking.js";
import { client } from "../../lib/client.js";
import { tellKeyIsMissing } from "../../lib/key_watch.js";
import { isMoving } from "../../lib/statuses.js";

/**
 * Return `{ document, status, error, edition, again }`. `edition` is another one whenever there may be something else
 * to read; `again()` follows anew what was started just now.
 */
export function useDocument(id) {
  const { answer, error, again: describe } = useAnswer(() => client.document(id), [id]);
  const { status, trouble, edition, again: follow } = useFollowed(id);
  const isOldNews = answer && status && !isMoving(status.status) && answer.status !== status.status;
  useEffect(() => { if (isOldNews || edition) describe(); }, [isOldNews, edition]);
  const again = useCallback(() => {
    describe();
    follow();
  }, [describe, follow]);
  return { document: answer, status, error: error ?? trouble, edition, again };
}

function useFollowed(id) {
  const [round, setRound] = useState(0);
  const [status, setStatus] = useState(null);
  const [trouble, setTrouble] = useState(null);
  const [edition, setEdition] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    // What was started just now may have ended before it is looked at, and what waits may end between two looks.
    const seen = { first: null, change: round > 0 };
    const note = (next) => {
      seen.first ??= next.status;
      seen.change ||= isMoving(next.status) || next.status !== seen.first;
      setStatus(next);
    };
    setTrouble(null);
    follow(id, note, leaving.signal, setTrouble).then((hasEnded) => {
      if (hasEnded && seen.change) setEdition((number) => number + 1);
    });
    return () => leaving.abort();
  }, [id, round]);
  const again = useCallback(() => setRound((number) => number + 1), []);
  return { status, trouble, edition, again };
}

/** Tell whether the end was seen. */
async function follow(id, onChange, signal, onError) {
  try {
    await client.follow(id, onChange, { signal, onError });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    tellKeyIsMissing(error);
    onError(error);
    return false;
  }
}
