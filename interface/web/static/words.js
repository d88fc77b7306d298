// What the frame of the page says.
const en = {
  skip: "Skip to the content",
  sections: "Sections",
  documents: "Documents",
  search: "Search",
  operations: "Operations",
  theme: { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" },
  language: "Português",
  key: {
    title: "This server asks for a key",
    about: "An operator makes one with: esteira keys create. It stays in this tab alone.",
    label: "API key",
    use: "Use this key",
    refused: "The server does not take this key.",
    malformed: "A key has no spaces, accents or typographic signs: copy it anew.",
    forget: "Forget the key",
  },
  nowhere: { title: "There is no such page", back: "To the documents" },
};
const pt = {
  skip: "Ir para o conteúdo",
  sections: "Seções",
  documents: "Documentos",
  search: "Busca",
  operations: "Operação",
  theme: { auto: "Tema: o do sistema", light: "Tema: claro", dark: "Tema: escuro" },
  language: "English",
  key: {
    title: "Este servidor pede uma chave",
    about: "Quem opera o servidor cria uma com: esteira keys create. Ela fica só nesta aba.",
    label: "Chave da API",
    use: "Usar esta chave",
    refused: "O servidor não aceita esta chave.",
    malformed: "Uma chave não tem espaços, acentos nem sinais tipográficos: copie-a de novo.",
    forget: "Esquecer a chave",
  },
  nowhere: { title: "Esta página não existe", back: "Ir para os documentos" },
};
export const words = { en, pt };
