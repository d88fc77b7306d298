// The one client of this page, and the key that it uses where the server asks for one.
import { Esteira } from "../esteira.js";

const KEPT = "esteira.key";

// Beside the page, wherever a proxy has put that.
const url = new URL(".", location.href).href;

// For this tab alone: a key that outlives the tab would be there for whoever opens the browser next.
export const client = new Esteira({ url, apiKey: sessionStorage.getItem(KEPT) });

export function keepKey(key) {
  sessionStorage.setItem(KEPT, key);
  client.apiKey = key;
}

export function forgetKey() {
  sessionStorage.removeItem(KEPT);
  client.apiKey = null;
}
