// Names of kinds of documents and of languages, as people say them.
import { useContext } from "../../vendor/preact.js";
import { Language, useWords } from "../../lib/language.js";
import { words } from "./words.js";

/** Return the kind of a document: by its type, else as its name ends. */
export function useKind({ content_type: type, filename }) {
  const kinds = useWords(words).kinds;
  const [family] = type.split("/");
  const ending = filename.includes(".") ? filename.split(".").pop().toUpperCase().slice(0, 8) : "";
  return family === "image" ? kinds.picture : (ending || type);
}

/** Return how to name a language of which the code is known. */
export function useLanguageName() {
  const names = new Intl.DisplayNames([useContext(Language)], { type: "language", fallback: "code" });
  return (code) => {
    try {
      return names.of(code);
    } catch {
      return code;
    }
  };
}
