// What the list of documents says.
import { counted } from "../../lib/language.js";

const some = { en: counted("en"), pt: counted("pt") };

const en = {
  title: "Documents",
  chooseFiles: "Add files",
  chooseFolder: "Add a folder",
  dropHere: "Drop files and folders to add them",
  empty: { title: "No documents yet", hint: "Drop files or whole folders anywhere on this page, or choose them." },
  noMatch: { title: "No document matches", hint: "No document has this status and name.", all: "Show all documents" },
  filter: { label: "Filter the list", status: "Status", any: "Any status", name: "Name", namePlaceholder: "Part of a name" },
  select: (name) => `Select ${name}`,
  selectAll: "Select all that are shown",
  selected: (count) => `${count} selected`,
  list: "Documents, newest first",
  pages: (done, total) => (total ? `${done} of ${some.en(total, "page", "pages")}` : some.en(done, "page", "pages")),
  passages: (done, total) => (total ? `${done} of ${some.en(total, "passage", "passages")}` : some.en(done, "passage", "passages")),
  password: "Enter its password",
  unreadable: (count) => `${some.en(count, "page", "pages")} could not be read`,
  moreWarnings: (count) => `and ${count} more`,
  announced: "Announced, but not processed. Process it if its bytes are here, else delete it and add the file again.",
  process: (name) => `Process ${name}`,
  cancel: (name) => `Cancel the processing of ${name}`,
  retry: (name) => `Process ${name} again`,
  download: (name) => `Download ${name}`,
  delete: (name) => `Delete ${name}`,
  retryShort: "Process again",
  deleteShort: "Delete",
  started: (count) => `Processing of ${some.en(count, "document", "documents")} has started.`,
  notStarted: (count, why) => `${some.en(count, "document", "documents")} could not be started: ${why}`,
  deletion: {
    title: (count) => `Delete ${some.en(count, "document", "documents")}?`,
    done: (count, { chunks, objects }) =>
      `${count === 1 ? "Deleted" : `Deleted ${some.en(count, "document", "documents")}`}: ${some.en(chunks, "passage", "passages")}, ${some.en(objects, "object", "objects")}.`,
  },
};
const pt = {
  title: "Documentos",
  chooseFiles: "Enviar arquivos",
  chooseFolder: "Enviar pasta",
  dropHere: "Solte arquivos e pastas para adicioná-los",
  empty: { title: "Ainda não há documentos", hint: "Solte arquivos ou pastas inteiras em qualquer lugar desta página, ou escolha-os." },
  noMatch: { title: "Nenhum documento encontrado", hint: "Nenhum documento tem essa situação e esse nome.", all: "Mostrar todos os documentos" },
  filter: { label: "Filtrar a lista", status: "Situação", any: "Qualquer situação", name: "Nome", namePlaceholder: "Parte do nome" },
  select: (name) => `Selecionar ${name}`,
  selectAll: "Selecionar todos os que aparecem",
  selected: (count) => `${count} ${count === 1 ? "selecionado" : "selecionados"}`,
  list: "Documentos, os mais novos primeiro",
  pages: (done, total) => (total ? `${done} de ${some.pt(total, "página", "páginas")}` : some.pt(done, "página", "páginas")),
  passages: (done, total) => (total ? `${done} de ${some.pt(total, "trecho", "trechos")}` : some.pt(done, "trecho", "trechos")),
  password: "Informar a senha",
  unreadable: (count) => (count === 1 ? "1 página não pôde ser lida" : `${count} páginas não puderam ser lidas`),
  moreWarnings: (count) => `e mais ${count}`,
  announced: "Anunciado, mas não processado. Processe-o se os bytes já chegaram; senão, exclua-o e envie o arquivo de novo.",
  process: (name) => `Processar ${name}`,
  cancel: (name) => `Cancelar o processamento de ${name}`,
  retry: (name) => `Processar ${name} de novo`,
  download: (name) => `Baixar ${name}`,
  delete: (name) => `Excluir ${name}`,
  retryShort: "Processar de novo",
  deleteShort: "Excluir",
  started: (count) => `O processamento de ${some.pt(count, "documento", "documentos")} começou.`,
  notStarted: (count, why) => `Não foi possível iniciar ${some.pt(count, "documento", "documentos")}: ${why}`,
  deletion: {
    title: (count) => `Excluir ${some.pt(count, "documento", "documentos")}?`,
    done: (count, { chunks, objects }) =>
      `${count === 1 ? "Excluído" : `${some.pt(count, "documento", "documentos")} excluídos`}: ${some.pt(chunks, "trecho", "trechos")}, ${some.pt(objects, "objeto", "objetos")}.`,
  },
};
export const words = { en, pt };
