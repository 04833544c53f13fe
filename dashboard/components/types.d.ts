// What Streamlit hands to a component's script.

export interface Component<Data> {
  data: Data;
  parentElement: ShadowRoot;
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}

/** One thing that a page waits for, and how it stands; see `dashboard/server/pages.py`. */
export interface Item {
  name: string;
  title: string;
  state: "waiting" | "running" | "ready" | "failed" | "cancelled";
  progress: number;
  ahead: number;
  message: string;
  part: string | null;
}

/** What the server tells of a page: all that stands, by group. */
export interface Standing {
  version: number;
  groups: Record<string, { view: string; items: Item[] }>;
  rests: boolean;
  note: string;
}
