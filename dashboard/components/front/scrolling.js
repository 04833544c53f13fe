// @ts-check
// How far each place was scrolled, so that Back shows it as it was left. Streamlit scrolls a part of the page, which
// the browser does not remember, and fills it bit by bit.

const SCROLLED = "[data-testid=stMain]";
const PATIENCE_MS = 10000; // in which a page has filled up again
const STEADY_MS = 1000; // for which it must stay where it is put
const LOOK_MS = 50;

export class Scrolling {
  constructor() {
    /** @type {Map<number, number>} pixels by place */
    this.pixels = new Map();
    this.place = Number(history.state?.place ?? 0);
    this.timer = 0; // while a place is being brought back
    document.addEventListener("scroll", ({ target }) => this.note(target), { capture: true, passive: true });
    for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      window.addEventListener(kind, () => this.stop(), { capture: true, passive: true });
    }
  }

  /** @param {EventTarget} target */
  note(target) {
    if (!this.timer && target instanceof Element && target.matches(SCROLLED)) this.pixels.set(this.place, target.scrollTop);
  }

  /** @param {number} place that is new */
  enter(place) {
    this.stop();
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
      } else steadySince = Math.min(steadySince, now);
      if (now - steadySince > STEADY_MS || now - began > PATIENCE_MS) this.stop();
    }, LOOK_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
  }
}
