// Where in the page one is: the part of the address behind `#`, so that no server needs to know the views.
import { useEffect, useState } from "../vendor/preact.js";

/** Return `{ path, query }` of the address: `#/documents/ID?page=3` has the path `["documents", "ID"]`. */
export function currentRoute() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

export function useRoute() {
  const [route, setRoute] = useState(currentRoute);
  useEffect(() => {
    const changed = () => setRoute(currentRoute());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}

/** Return the address of a view, for links: `hrefTo(["documents", id], { page: 3 })`. */
export function hrefTo(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(given).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

/** Go to a view; with `replace` the way back does not lead through the one that is left. */
export function go(path, query = {}, { replace = false } = {}) {
  if (!replace) {
    location.hash = hrefTo(path, query);
    return;
  }
  history.replaceState(null, "", hrefTo(path, query));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
