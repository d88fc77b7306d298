// Has something made of a document that nobody has looked at so far.
import { EsteiraError } from "../../esteira.js";
import { client } from "../../lib/client.js";

/** Start an action and wait for its end. Throws an EsteiraError with the code of what kept it from being done. */
export async function make(type, params, signal) {
  const { job_id: jobId } = await client.startJob([{ type, params }]);
  const { actions: [action] } = await client.followJob(jobId, undefined, { signal });
  if (action.status === "completed") return;
  throw new EsteiraError(action.error?.code ?? action.status, action.error?.message ?? action.message);
}
