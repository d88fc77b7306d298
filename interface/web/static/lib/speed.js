// How fast something goes, over the last seconds.
const WINDOW_MS = 8000;
const LEAST_MS = 1000;

export class Speed {
  #samples = [];

  note(value, now = performance.now()) {
    this.#samples = this.#samples.filter((sample) => now - sample.now < WINDOW_MS);
    this.#samples.push({ now, value });
  }

  /** Return what came a second; null where too little was seen. */
  get perSecond() {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    const elapsed = last ? last.now - first.now : 0;
    return elapsed >= LEAST_MS ? Math.max(0, ((last.value - first.value) / elapsed) * 1000) : null;
  }
}
