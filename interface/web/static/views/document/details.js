// Title, author, dates and outline of a document: made when somebody looks at it for the first time.
import { useEffect, useState } from "../../vendor/preact.js";
import { client } from "../../lib/client.js";
import { tellKeyIsMissing } from "../../lib/key_watch.js";
import { make } from "./making.js";

const UNKNOWN = { answer: null, error: null };

/** Return `{ answer, error }`: null both until they are there, or where the document is not completed. */
export function useDetails(document, edition) {
  const [state, setState] = useState(UNKNOWN);
  const id = document?.document_id;
  const isReadable = document?.status === "completed";
  useEffect(() => {
    if (!isReadable) return undefined;
    const leaving = new AbortController();
    detailsOf(id, leaving.signal).then(
      (answer) => leaving.signal.aborted || setState({ answer, error: null }),
      (error) => {
        if (leaving.signal.aborted) return;
        tellKeyIsMissing(error);
        setState({ answer: null, error });
      },
    );
    return () => leaving.abort();
  }, [id, isReadable, edition]);
  return state;
}

async function detailsOf(id, signal) {
  try {
    return await client.details(id);
  } catch (error) {
    if (error.code !== "no_details") throw error;
  }
  await make("metadata", { document_id: id }, signal);
  return client.details(id);
}
