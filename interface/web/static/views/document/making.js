// Has something made of a document that nobody has looked at so far.
import { EsteiraError } from "../../esteira.js";
import { client } from "../../lib/client.js";
import { isFinal } from "../../lib/statuses.js";

const LOOK_AGAIN_MS = 1000;

/** Start an action and wait for its end. Throws an EsteiraError with the code of what kept it from being done. */
export async function make(type, params, signal) {
  const { job_id: jobId } = await client.startJob([{ type, params }]);
  const action = await endOf(jobId, signal);
  if (action.status === "completed") return;
  throw new EsteiraError(action.error?.code ?? action.status, action.error?.message ?? action.status);
}

/** By polls: browsers open six connections to a server, and streams that wait for a queue would hold them all. */
async function endOf(jobId, signal) {
  for (;;) {
    const { actions: [action] } = await client.job(jobId, { signal });
    if (isFinal(action.status)) return action;
    await new Promise((resolve) => { setTimeout(resolve, LOOK_AGAIN_MS); });
    signal.throwIfAborted();
  }
}
