// Has something made of a document that nobody has looked at so far.
import { EsteiraError } from "../../esteira.js";
import { client } from "../../lib/client.js";

const LOOK_AGAIN_MS = 1000;
const FINAL = ["completed", "failed", "cancelled"];
// What could not be made is not asked for at each look: each time would be one more dead letter for the operators.
const failures = new Map();

/** Start an action and wait for its end. Throws an EsteiraError with the code of what kept it from being done. */
export async function make(type, params, signal) {
  const name = JSON.stringify([type, params]);
  if (failures.has(name)) throw failures.get(name);
  const { job_id: jobId } = await client.startJob([{ type, params }]);
  const action = await endOf(jobId, signal);
  if (action.status === "completed") return;
  const error = new EsteiraError(action.error?.code ?? action.status, action.error?.message ?? action.status);
  failures.set(name, error);
  throw error;
}

/** By polls: browsers open six connections to a server, and streams that wait for a queue would hold them all. */
async function endOf(jobId, signal) {
  for (;;) {
    const { actions: [action] } = await client.job(jobId, { signal });
    if (FINAL.includes(action.status)) return action;
    await new Promise((resolve) => { setTimeout(resolve, LOOK_AGAIN_MS); });
    signal.throwIfAborted();
  }
}
