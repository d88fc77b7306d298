// The one client of this page, and the key that it uses where the server asks for one.
import { Esteira } from "../esteira.js";

// Wherever a proxy has put the page. What is kept in the browser is for this server, not for another below its origin.
export const here = new URL(".", location.href);

const KEPT = `esteira.key.${here.pathname}`;

// For this tab alone: a key that outlives the tab would be there for whoever opens the browser next.
export const client = new Esteira({ url: here.href, apiKey: sessionStorage.getItem(KEPT) });

export function keepKey(key) {
  sessionStorage.setItem(KEPT, key);
  client.apiKey = key;
}

export function forgetKey() {
  sessionStorage.removeItem(KEPT);
  client.apiKey = null;
}
