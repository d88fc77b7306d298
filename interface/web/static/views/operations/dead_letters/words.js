// What the list of dead letters says.
const en = {
  causes: "By cause",
  letters: "Dead letters",
  none: "Nothing has failed for good",
  about: "What fails once is tried again by itself; what fails each time lands here.",
  noneSuch: "Nothing failed for this cause",
  showAll: "Show all causes",
  retry: "Try again",
  retryCause: "Try all again",
  retryAll: "Try everything again",
  replayTitle: (count) => `Try ${count} again?`,
  replayText: (code) => `Each that failed by ${code} starts anew, with all its attempts.`,
  replayEverything: "Each starts anew, with all its attempts, whatever it failed by.",
  retried: (count) => `Retried: ${count}`,
  attempts: (count) => (count === "1" ? "1 attempt" : `${count} attempts`),
  history: "History",
  happened: (status, attempt) => `${status}${attempt ? `, attempt ${attempt}` : ""}`,
};
const STATUSES = { pending: "na fila", processing: "processando", completed: "concluído", failed: "falhou", cancelled: "cancelado" };
const pt = {
  causes: "Por causa",
  letters: "Falhas definitivas",
  none: "Nada falhou de vez",
  about: "O que falha uma vez é tentado de novo sozinho; o que falha sempre vem parar aqui.",
  noneSuch: "Nada falhou por esta causa",
  showAll: "Mostrar todas as causas",
  retry: "Tentar de novo",
  retryCause: "Tentar todas de novo",
  retryAll: "Tentar tudo de novo",
  replayTitle: (count) => `Tentar ${count} de novo?`,
  replayText: (code) => `Cada uma que falhou por ${code} recomeça, com todas as tentativas.`,
  replayEverything: "Cada uma recomeça, com todas as tentativas, seja qual for a causa da falha.",
  retried: (count) => `Novas tentativas: ${count}`,
  attempts: (count) => (count === "1" ? "1 tentativa" : `${count} tentativas`),
  history: "Histórico",
  happened: (status, attempt) => `${STATUSES[status] ?? status}${attempt ? `, tentativa ${attempt}` : ""}`,
};
export const words = { en, pt };
