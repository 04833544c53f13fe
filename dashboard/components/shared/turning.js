// @ts-check
// One press goes one step: a lesson's next step takes a moment to come, and a key pressed meanwhile would go further.

const NEVER_COMES_MS = 8_000; // after that a press counts again: the step may never come

export class Turning {
  /** @type {string | null} the step that is left */
  #from = null;
  #since = 0;

  /** @param {string} from the step that stands */
  begin(from) {
    [this.#from, this.#since] = [from, performance.now()];
  }

  /** Whether the step still stands that was left. @param {string} stands */
  isUnderWay(stands) {
    const isOver = this.#from !== stands || performance.now() - this.#since > NEVER_COMES_MS;
    if (isOver) this.#from = null;
    return !isOver;
  }
}
