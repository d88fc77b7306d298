// A file of this tab: its upload and, once it was handed over, how its document stands.
import { isFinal } from "./statuses.js";
import { Speed } from "./speed.js";

export class SentFile {
  status = null;
  speed = new Speed();

  constructor(id, upload, saved) {
    this.id = id;
    this.upload = upload;
    this.saved = saved;
  }

  get documentId() {
    return this.upload.documentId ?? this.saved?.document_id ?? null;
  }

  get isHandedOver() {
    return this.upload.state === "processing" || this.upload.state === "cancelled";
  }

  get hasFailed() {
    return this.upload.state === "failed";
  }

  /** Return how it ended, or null. */
  get outcome() {
    if (this.hasFailed || this.upload.state === "cancelled") return this.upload.state;
    return isFinal(this.status) ? this.status : null;
  }
}
