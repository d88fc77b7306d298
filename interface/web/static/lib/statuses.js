// How far documents, jobs and actions are, by their status.
import { FINAL } from "../esteira.js";

export function isFinal(status) {
  return FINAL.includes(status);
}

/** What awaits its bytes does not move by itself. */
export function isMoving(status) {
  return status === "pending" || status === "processing";
}
