// What the view of operations says, whichever part of it is shown.
const en = {
  title: "Operations",
  tabs: { overview: "Overview", jobs: "Jobs", deadLetters: "Dead letters", reports: "Reports" },
  noScope: {
    title: "This key does not open it",
    about: "The queues are shown to keys with the scope operate. An operator makes one with: esteira keys create --scope operate --scope read --scope write.",
    another: "Use another key",
  },
  queues: {
    document_processing: "Documents",
    cleanup_tasks: "Cleanup",
    long_operations: "Long operations",
    artifacts: "Reports and files",
    callbacks: "Callbacks",
  },
};
const pt = {
  title: "Operação",
  tabs: { overview: "Geral", jobs: "Tarefas", deadLetters: "Falhas", reports: "Relatórios" },
  noScope: {
    title: "Esta chave não dá acesso",
    about: "As filas só aparecem para chaves com o escopo operate. Quem opera o servidor cria uma com: esteira keys create --scope operate --scope read --scope write.",
    another: "Usar outra chave",
  },
  queues: {
    document_processing: "Documentos",
    cleanup_tasks: "Limpeza",
    long_operations: "Operações longas",
    artifacts: "Relatórios e arquivos",
    callbacks: "Avisos a outros sistemas",
  },
};
export const words = { en, pt };
