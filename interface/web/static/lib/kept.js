// What this tab remembers over a reload.
import { useEffect, useState } from "../vendor/preact.js";
import { here } from "./client.js";

const KEPT = `esteira.kept.${here.pathname}.`;

/** As `useState`, kept in this tab under a name; values are what JSON can write. */
export function useKept(name, first) {
  const place = KEPT + name;
  const [value, setValue] = useState(() => JSON.parse(sessionStorage.getItem(place)) ?? first);
  useEffect(() => sessionStorage.setItem(place, JSON.stringify(value)), [place, value]);
  return [value, setValue];
}

/** Forget all that this tab remembers of this server. */
export function forgetKept() {
  Object.keys(sessionStorage).filter((key) => key.startsWith(KEPT)).forEach((key) => sessionStorage.removeItem(key));
}
