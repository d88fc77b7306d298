// Title, author, dates and outline of a document: made when somebody looks at it for the first time.
import { useAnswer } from "../../lib/asking.js";
import { client } from "../../lib/client.js";
import { make } from "./making.js";

/** Return `{ answer, error }`: null both until they are there, or where the document is not completed. */
export function useDetails(document, edition) {
  const id = document?.document_id;
  const isReadable = document?.status === "completed";
  return useAnswer(async (signal) => (isReadable ? detailsOf(id, signal) : null), [id, isReadable, edition]);
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
