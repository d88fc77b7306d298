// Which files are in what was dropped or chosen: folders are gone through, hidden files are left out.

// What systems leave beside files, for no person to read.
const HIDDEN = ["thumbs.db", "desktop.ini", "__macosx"];

export function isHidden(name) {
  return name.startsWith(".") || HIDDEN.includes(name.toLowerCase());
}

/** Return `{ files, hidden, unreadable }` of an `<input type="file">`; a folder that is hidden counts once. */
export function chosenFiles(list) {
  const hidden = new Set();
  const files = [...list].filter((file) => {
    const path = (file.webkitRelativePath || file.name).split("/");
    const first = path.findIndex(isHidden);
    if (first >= 0) hidden.add(path.slice(0, first + 1).join("/"));
    return first < 0;
  });
  return { files, hidden: hidden.size, unreadable: 0 };
}

/** Yield `{ files, hidden, unreadable }` of a drop, as folders are read. To be called while the event is handled. */
export function droppedFiles(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  // Both are gone once the event is over. What a script has put there is a file without an entry.
  return filesOf(items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile()).filter(Boolean));
}

async function* filesOf(found) {
  const shown = found.filter((each) => !isHidden(each.name));
  const given = shown.filter((each) => each instanceof File);
  const read = await Promise.all(shown.filter((each) => each.isFile).map(fileOf));
  const files = [...given, ...read.filter(Boolean)];
  yield { files, hidden: found.length - shown.length, unreadable: read.length + given.length - files.length };
  for (const folder of shown.filter((each) => each.isDirectory)) yield* filesIn(folder);
}

async function* filesIn(folder) {
  const reader = folder.createReader();
  try {
    // A reader gives a hundred entries or so at a time, and none at the end.
    for (let some = await entriesOf(reader); some.length; some = await entriesOf(reader)) yield* filesOf(some);
  } catch {
    yield { files: [], hidden: 0, unreadable: 1 };
  }
}

function entriesOf(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

/** Return null where the file cannot be read: it is counted. */
function fileOf(entry) {
  return new Promise((resolve) => entry.file(resolve, () => resolve(null)));
}
