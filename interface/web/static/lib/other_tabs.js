// What the tabs of this page tell each other of their uploads. Web Locks would do, but pages by plain HTTP have none.
import { here } from "./client.js";

const ANSWERED_MS = 500;
const WHOSE = "whose?";

export class OtherTabs {
  #channel = new BroadcastChannel(`esteira.uploads.${here.pathname}`);
  #heard = new Set();

  /** `own()` gives the ids of documents that this tab is sending, `onHeld` is told those of others. */
  constructor(own, onHeld) {
    this.#channel.addEventListener("message", ({ data }) => {
      if (data === WHOSE) {
        this.#channel.postMessage(own());
        return;
      }
      data.forEach((id) => this.#heard.add(id));
      onHeld(data);
    });
  }

  /** Return the ids of documents that other tabs are sending. One that is late tells `onHeld`. */
  async held() {
    const heard = (this.#heard = new Set());
    this.#channel.postMessage(WHOSE);
    await new Promise((resolve) => { setTimeout(resolve, ANSWERED_MS); });
    return heard;
  }

  /** Say what this tab has begun to send. */
  hold(id) {
    this.#channel.postMessage([id]);
  }
}
