// @ts-check
// How far each place was scrolled, so that Back shows it as it was left. Streamlit scrolls a part of the page, which
// the browser does not remember, and fills it bit by bit.

const SCROLLED = "[data-testid=stMain]";
const APP = "[data-testid=stApp]";
const PATIENCE_MS = 60000; // in which a page has filled up again, on a busy server too
const STEADY_MS = 1000; // for which it must stay where it is put once Python has nothing more to say
const LOOK_MS = 50;

export class Scrolling {
  constructor() {
    /** @type {Map<number, number>} pixels by place */
    this.pixels = new Map();
    this.place = Number(history.state?.place ?? 0);
    this.timer = 0; // while a place is being brought back
    this.touched = 0; // where the place was scrolled to when somebody last pressed something on it
    document.addEventListener("scroll", ({ target }) => this.note(target), { capture: true, passive: true });
    for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      window.addEventListener(kind, () => this.stop(), { capture: true, passive: true });
    }
    for (const kind of ["keydown", "pointerdown"]) {
      window.addEventListener(kind, () => (this.touched = document.querySelector(SCROLLED)?.scrollTop ?? 0), { capture: true });
    }
  }

  /** @param {EventTarget} target */
  note(target) {
    if (!this.timer && target instanceof Element && target.matches(SCROLLED)) this.pixels.set(this.place, target.scrollTop);
  }

  /**
   * The place that is left keeps where it was when somebody pressed what leads on: it may shrink before it is gone.
   * @param {number} place that is new
   */
  enter(place) {
    this.stop();
    this.pixels.set(this.place, this.touched);
    this.place = place;
    this.pixels.delete(place);
  }

  /** @param {number} place that was left before */
  comeBack(place) {
    this.stop();
    this.place = place;
    const wanted = this.pixels.get(place) ?? 0;
    const began = Date.now();
    let steadySince = Infinity;
    this.timer = window.setInterval(() => {
      const scrolled = document.querySelector(SCROLLED);
      const now = Date.now();
      if (scrolled && Math.abs(scrolled.scrollTop - wanted) > 1) {
        scrolled.scrollTop = wanted;
        steadySince = now;
      } else if (document.querySelector(APP)?.getAttribute("data-test-script-state") !== "notRunning") {
        steadySince = Infinity; // what is seen may still be the place that was left
      } else steadySince = Math.min(steadySince, now);
      if (now - steadySince > STEADY_MS || now - began > PATIENCE_MS) this.stop();
    }, LOOK_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
  }
}
