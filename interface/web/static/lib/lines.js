// Lines as they are read on a screen, where those of a printed page are too long or too short.

/** Join lines that go on in small letters. Each break becomes a blank, so that places in the text stay as they are. */
export function joinLines(text) {
  return text.replace(/(?<=\S)\n(?=\p{Ll})/gu, " ");
}
