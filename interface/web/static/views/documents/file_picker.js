// The ways in which files come to the page: chosen, or dropped anywhere.
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { chosenFiles, droppedFiles } from "../../lib/found_files.js";

/** Return `{ inputs, openFiles, openFolder }`; `onFound` is given what is chosen. */
export function useFilePicker(onFound) {
  const [files, folder] = [useRef(null), useRef(null)];
  const chosen = (event) => {
    onFound(chosenFiles(event.currentTarget.files));
    event.currentTarget.value = ""; // or the same file could not be chosen again
  };
  const inputs = html`
    <input ref=${files} class="chooser" type="file" multiple hidden onChange=${chosen} />
    <input ref=${folder} class="chooser-of-folders" type="file" webkitdirectory hidden onChange=${chosen} />`;
  return { inputs, openFiles: () => files.current.click(), openFolder: () => folder.current.click() };
}

/** Take what is dropped on the page; return whether files are held over it. */
export function useDrop(onFound) {
  const [isDragging, setDragging] = useState(false);
  useEffect(() => {
    const over = (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      setDragging(true);
    };
    const leave = (event) => event.relatedTarget === null && setDragging(false);
    const drop = (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setDragging(false);
      takeAll(droppedFiles(event.dataTransfer), onFound);
    };
    const listeners = { dragenter: over, dragover: over, dragleave: leave, drop };
    Object.entries(listeners).forEach(([name, listener]) => addEventListener(name, listener));
    return () => Object.entries(listeners).forEach(([name, listener]) => removeEventListener(name, listener));
  }, []);
  return isDragging;
}

async function takeAll(parts, onFound) {
  for await (const found of parts) onFound(found);
}
