// The edge of the page where news are shown for some seconds.
import { html, useEffect, useState } from "../vendor/preact.js";
import { onNews } from "../lib/news.js";

const SHOWN_MS = 6000;

export function News() {
  const [items, setItems] = useState([]);
  useEffect(() => {
    let number = 0;
    return onNews((sentence) => {
      const item = { id: ++number, sentence };
      setItems((items) => [...items.slice(-2), item]);
      setTimeout(() => setItems((items) => items.filter((other) => other !== item)), SHOWN_MS);
    });
  }, []);
  return html`<div class="news" role="status">
    ${items.map((item) => html`<div class="notice" key=${item.id}><p>${item.sentence}</p></div>`)}
  </div>`;
}
