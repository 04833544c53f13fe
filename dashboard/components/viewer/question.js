// @ts-check
// A question that a visitor asks in the browser, about one group of things: the last one counts.

import { isPending } from "../shared/standing.js";

/** @import { Standing } from "../types.d.ts" */
/** @import { Parts } from "./parts.js" */

/** @typedef {{content: any, about: unknown} | {message: string, about: unknown}} Told what came of it, or why nothing did */

const NO_ANSWER = "The server did not answer. Try it again.";

export class Question {
  /**
   * @param {string} group
   * @param {{say(words: object): Promise<any>, listen(): void, parts(): Parts, tell(told: Told): void}} line
   */
  constructor(group, line) {
    this.group = group;
    this.line = line;
    this.asked = 0;
    this.isOpen = false;
    this.view = "";
    /** @type {unknown} */
    this.about = null;
    /** @type {Standing | undefined} */
    this.heard = undefined;
  }

  /** @param {unknown} about */
  async ask(about) {
    this.asked += 1;
    this.isOpen = true;
    this.view = "";
    this.about = about;
    const mine = this.asked;
    const standing = await this.line.say({ ask: about, group: this.group });
    if (mine !== this.asked) return;
    const group = standing?.groups?.[this.group];
    if (!group) {
      this.end({ message: NO_ANSWER, about });
      return;
    }
    this.view = group.view;
    const newer = this.heard && this.heard.version > standing.version ? this.heard : standing;
    this.hear(newer);
    if (this.isOpen) this.line.listen();
  }

  /** Want no answer any more. */
  drop() {
    this.asked += 1;
    this.isOpen = false;
  }

  /** @param {Standing} standing */
  async hear(standing) {
    this.heard = standing;
    const group = standing.groups[this.group];
    if (!this.isOpen || !group || group.view !== this.view) return;
    const [item] = group.items;
    if (isPending(item)) return;
    const { asked: mine, about } = this;
    this.isOpen = false;
    if (item.part === null) {
      this.end({ message: item.message, about });
      return;
    }
    try {
      const content = await this.line.parts().get(item.part);
      if (mine === this.asked) this.end({ content, about });
    } catch (error) {
      if (mine === this.asked) this.end({ message: `It did not arrive: ${error.message}.`, about });
    }
  }

  /** @param {Told} told */
  end(told) {
    this.isOpen = false;
    this.line.tell(told);
  }
}
