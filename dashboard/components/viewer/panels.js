// @ts-check
// The panels beside the film: which ones there are, in which order, and what a pointer does on them.

import { find } from "./dom.js";
import { bindPointers } from "./gestures.js";
import { MethodPanel, PicturePanel } from "./panel.js";
import { bindPointing } from "./pointing.js";
import { addSides } from "./scene.js";

/** @import { Behind } from "./behind.js" */
/** @import { Enlarge } from "./enlarge.js" */
/** @import { FilmPanel } from "./film.js" */
/** @import { Hand } from "./hand.js" */
/** @import { Data, Hands, Panel, PanelWords } from "./payload.d.ts" */

export class Panels {
  /**
   * @param {HTMLElement} root
   * @param {{hands: Hands, hand: Hand, behind: Behind, enlarge: Enlarge, data: () => Data | undefined}} of
   */
  constructor(root, of) {
    this.of = of;
    this.container = find(root, ".panels");
    this.template = find(root, "template", HTMLTemplateElement);
    /** @type {Map<string, MethodPanel>} */
    this.byMethod = new Map();
  }

  get all() {
    return [...this.byMethod.values()];
  }

  /**
   * Take what the panels show.
   * @param {Panel[]} panels
   * @param {PanelWords[]} sent the same as Python sent them
   */
  receive(panels, sent) {
    const wanted = new Set(panels.map(({ method }) => method));
    for (const [method, panel] of this.byMethod) {
      if (wanted.has(method)) continue;
      panel.node.remove();
      this.byMethod.delete(method);
    }
    panels.forEach((data, index) => {
      const panel = this.byMethod.get(data.method) ?? this.add(sent[index]);
      panel.receive(data);
      const place = this.container.children[index + 1];
      if (place !== panel.node) this.container.insertBefore(panel.node, place ?? null);
    });
    this.of.enlarge.receive(
      panels.map(({ method, title }) => {
        const { node, canvas } = this.byMethod.get(method);
        return { name: method, title, node, canvas };
      }),
    );
  }

  /** @param {PanelWords} sent */
  add({ method, picture }) {
    // Its picture may still be on its way.
    const panel = picture ? new PicturePanel(this.template) : new MethodPanel(this.template);
    this.hang(panel, () => panel.panel);
    this.byMethod.set(method, panel);
    return panel;
  }

  /**
   * Let hands reach a panel.
   * @param {FilmPanel | MethodPanel} panel
   * @param {() => Panel | null} shows
   */
  hang(panel, shows = () => null) {
    const { hands, hand, behind, data } = this.of;
    addSides(panel.node);
    bindPointers(panel.canvas, hands);
    bindPointing(panel.node, { hand, behind, view: hands.view, data, panel: shows });
  }
}
