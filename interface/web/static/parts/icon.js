// The icons, drawn on 24 by 24 with a pen of 1.75.
import { html } from "../vendor/preact.js";

const PATHS = {
  documents: "M7 3h7l5 5v13H7zM14 3v5h5M10 13h6M10 17h6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16.5 16.5 21 21",
  operations: "M4 20V10M10 20V4M16 20v-7M21 20H3",
  upload: "M12 16V4M7 9l5-5 5 5M4 16v4h16v-4",
  folder: "M3 6h6l2 2h10v11H3z",
  pause: "M9 5v14M15 5v14",
  play: "M8 5l11 7-11 7z",
  retry: "M20 11a8 8 0 1 0-2.3 6M20 5v6h-6",
  cancel: "M6 6l12 12M18 6 6 18",
  delete: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  done: "M5 12.5l4.5 4.5L19 7.5",
  failed: "M12 7v6M12 17h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  waiting: "M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  busy: "M12 3a9 9 0 1 0 9 9",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  download: "M12 4v12M7 11l5 5 5-5M4 20h16",
  outline: "M4 6h16M8 12h12M8 18h12",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5",
  auto: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 3v18M12 7l5-2M12 12h9M12 17l5 2",
  key: "M14 10a4 4 0 1 0-4 4 4 4 0 0 0 4-4M13 13l7 7M17 17l2-2",
  table: "M4 5h16v14H4zM4 10h16M10 5v14",
};

export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
}
